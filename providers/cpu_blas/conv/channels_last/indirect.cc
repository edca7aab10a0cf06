// Convolution as a product of output pixels' rows with the packed weight (C/groups * KD * KH * KW x M/groups of each
// group). Nothing is unfolded: see pixel_rows.h.
#include <algorithm>
#include <string>

#include "common.h"
#include "conv/channels_last/finish.h"
#include "conv/channels_last/pixel_rows.h"
#include "conv/channels_last/ways.h"
#include "gemm.h"
#include "simd/isa.h"
#include "simd/panel_gemm.h"
#include "simd/row_gemm.h"

namespace tenon::cpu_blas {
namespace {

constexpr int64_t kDepth = 1024;              // K of one pass: a quarter of a megabyte of panel, in the L2 cache
constexpr int64_t kImageFloats = 128 * 1024;  // that the rows of a task read of images: half an L2 cache
constexpr int64_t kLeastRows = 48;            // over which reading a panel is divided
constexpr int64_t kRowGrain = 12;             // whole tiles of the product
constexpr int64_t kPointers = 16 * 1024;      // of one task, at most
constexpr int64_t kMostTaps = kPointers / kLeastRows;
constexpr int64_t kTasksPerWorker = 4;
constexpr int64_t kFetchRows = 256;            // over which the next panel is fetched ahead
constexpr uint64_t kFetchFloats = 128 * 1024;  // of weights that stay in no L2 cache beside the image

uint64_t group_floats(const LastConvShape& s) {
  return static_cast<uint64_t>(round_up(s.group_outputs(), simd::vector_width())) * static_cast<uint64_t>(s.k());
}

std::string pack_key(const LastConvShape& s) {
  return "cpu_blas.conv_rows/1 groups=" + std::to_string(s.groups) + " nr=" + std::to_string(simd::panel_width()) +
         " vector=" + std::to_string(simd::vector_width()) + " isa=" + simd::isa_name();
}

uint64_t pack_floats(const LastConvShape& s) {
  return static_cast<uint64_t>(s.groups) * group_floats(s);
}

/// For each group its panels, one after the other: K rows, in the order of KD, KH, KW and C, of panel_width() outputs;
/// the last panel is as wide as its outputs need in whole vectors.
void pack(const LastConvShape& s, const float* w, float* packed) {
  const int64_t k = s.k(), taps = s.taps();
  for (int64_t group = 0; group < s.groups; ++group, w += s.group_outputs() * k, packed += group_floats(s)) {
    for (int64_t column = 0; column < s.group_outputs(); column += simd::panel_width()) {
      const int64_t columns = std::min(simd::panel_width(), s.group_outputs() - column);
      const int64_t width = simd::panel_stride(columns);
      for (int64_t tap = 0; tap < taps; ++tap)
        simd::pack_panel(w + column * k + tap, taps, k, s.group_channels, columns,
                         packed + column * k + tap * s.group_channels * width, width);
    }
  }
}

/// The part of the result that a task computes: rows are output pixels of all images, strips are counted over groups.
struct Task {
  int64_t first, rows, strip_begin, strip_end;
};

/// How the result is cut. A strip is a panel, or half of one where panels are too few for the workers.
struct Grid {
  int64_t total_rows, units, row_blocks;  // a block is of whole units of kRowGrain rows, the last one aside
  int64_t most_rows;                      // of a block
  int64_t strips, strip_blocks;           // of a task
  int64_t group_panels, panel_strips, all_strips;

  int64_t row_of(int64_t block) const { return std::min(total_rows, units * block / row_blocks * kRowGrain); }
  int64_t strip_width() const { return simd::panel_width() / panel_strips; }
};

Grid plan_grid(const LastConvCall& call, const KernelWalk& walk, int64_t workers) {
  const LastConvShape& s = call.shape;
  const int64_t total = call.images * call.out_pixels;
  Grid g{};
  g.total_rows = total;
  g.units = ceil_div(total, kRowGrain);
  g.group_panels = ceil_div(s.group_outputs(), simd::panel_width());
  // Floats of the image that one more output pixel brings, and its own where they are read again.
  const int64_t brings =
      std::max<int64_t>(1, s.channels() * std::min(s.stride_h, s.kernel_h) * std::min(s.stride_w, s.kernel_w) +
                               (is_bounded(call.activation) && call.tail == nullptr ? 0 : s.outputs));
  const int64_t most =
      std::max(kLeastRows, std::min(kImageFloats / brings, kPointers / std::min(walk.taps, kMostTaps)));
  // As many tasks for each worker; where rows are few, panels are divided instead.
  const int64_t wanted = workers > 1 ? kTasksPerWorker * workers : 1;
  const int64_t blocks = std::max<int64_t>({1, ceil_div(total, most), std::min(wanted, total / kLeastRows)});
  g.row_blocks = std::min(blocks, g.units);
  g.most_rows = ceil_div(g.units, g.row_blocks) * kRowGrain;
  g.panel_strips = g.row_blocks * g.group_panels * s.groups < wanted ? 2 : 1;
  g.all_strips = g.group_panels * s.groups * g.panel_strips;
  g.strips = ceil_div(g.all_strips, std::min(g.all_strips, ceil_div(wanted, g.row_blocks)));
  g.strip_blocks = ceil_div(g.all_strips, g.strips);
  return g;
}

/// The rows of the task times `strips` strips of one panel, over the taps [tap_begin, tap_begin + taps) that `a` points
/// at.
void multiply_strips(const LastConvCall& call, const KernelWalk& walk, const Grid& grid, const Task& task,
                     int64_t strip, int64_t strips, const float* const* a, const float* zeros, int64_t tap_begin,
                     int64_t taps) {
  const LastConvShape& s = call.shape;
  const int64_t panel = strip / grid.panel_strips, group = panel / grid.group_panels;
  const int64_t within = panel % grid.group_panels * simd::panel_width();
  const int64_t panel_columns = std::min(simd::panel_width(), s.group_outputs() - within);
  const int64_t offset = strip % grid.panel_strips * grid.strip_width();
  if (offset >= panel_columns) return;
  const int64_t column = group * s.group_outputs() + within + offset;
  simd::RowProduct p{};
  p.a_gap = p.rows = task.rows;
  p.zeros = zeros;
  p.columns = std::min(strips * grid.strip_width(), panel_columns - offset);
  p.panel_stride = simd::panel_stride(panel_columns);
  p.tap_gap = walk.depth * p.panel_stride;
  p.c = call.y + task.first * s.outputs + column;
  p.c_stride = p.residual_stride = s.outputs;
  p.scale = call.scale != nullptr ? call.scale + column : nullptr;
  p.shift = call.shift != nullptr ? call.shift + column : nullptr;
  p.residual = call.residual != nullptr ? call.residual + task.first * s.outputs + column : nullptr;
  p.low = low_bound(call.activation);
  p.high = high_bound(call.activation);
  const float* weights = call.packed + static_cast<uint64_t>(group) * group_floats(s) + within * s.k() + offset;
  // Over few rows, reading a weight from memory takes as long as multiplying with it.
  const float* weights_end = call.packed + pack_floats(s);
  const bool fetches = task.rows <= kFetchRows && pack_floats(s) > kFetchFloats;
  const int64_t at_once = std::max<int64_t>(1, kDepth / std::max<int64_t>(1, walk.depth));
  for (int64_t tap = 0; tap < taps; tap += p.taps) {
    p.taps = std::min(at_once, taps - tap);
    int64_t k = 0;
    do {
      p.depth = std::min(kDepth, walk.depth - k);
      p.a = a + tap * task.rows;
      p.a_offset = group * s.group_channels + k;
      p.panel = weights + (tap_begin + tap) * p.tap_gap + k * p.panel_stride;
      p.accumulate = tap_begin + tap + k > 0;
      p.finish = tap_begin + tap + p.taps == walk.taps && k + p.depth == walk.depth;
      if (fetches) {
        p.next = p.panel + p.taps * p.depth * p.panel_stride;
        p.next_floats = std::min(p.taps * p.depth * p.panel_stride, weights_end - p.next);
      }
      simd::multiply_rows(p);
      k += p.depth;
    } while (k < walk.depth);
  }
}

/// What comes behind the bounds, over all columns of the task at once: a panel's part of a row is short.
void finish_task(const LastConvCall& call, const Grid& grid, const Task& task) {
  const int64_t outputs = call.shape.group_outputs();
  const auto column_of = [&](int64_t strip) {
    const int64_t panel = strip / grid.panel_strips;
    const int64_t within =
        panel % grid.group_panels * simd::panel_width() + strip % grid.panel_strips * grid.strip_width();
    return panel / grid.group_panels * outputs + std::min(within, outputs);
  };
  const int64_t begin = column_of(task.strip_begin);
  finish_tile(call, task.first, task.rows, begin, column_of(task.strip_end) - begin);
}

sdk::Status run(sdk::RunContext& run, const LastConvCall& call) {
  const KernelWalk walk = plan_walk(call.shape);
  const Grid grid = plan_grid(call, walk, run.max_workers());
  const int64_t most_taps = walk.is_wide ? walk.taps : std::min(walk.taps, kMostTaps);
  TN_ASSIGN_OR_RETURN(const PixelRows pixels, PixelRows::create(run, call, walk, grid.most_rows, most_taps));
  const double cost = gemm_cost_ns(grid.most_rows, grid.strips * grid.strip_width(), call.shape.k());
  run.parallel_for(grid.row_blocks * grid.strip_blocks, cost, [&](uint32_t worker, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t block = i / grid.strip_blocks;
      Task task{};
      task.first = grid.row_of(block);
      task.rows = grid.row_of(block + 1) - task.first;
      task.strip_begin = i % grid.strip_blocks * grid.strips;
      task.strip_end = std::min(task.strip_begin + grid.strips, grid.all_strips);
      for (int64_t tap = 0; tap < walk.taps; tap += most_taps) {
        const int64_t taps = std::min(most_taps, walk.taps - tap);
        const float* const* a = pixels.point(worker, task.first, task.rows, tap, tap + taps);
        int64_t strip = task.strip_begin;
        while (strip < task.strip_end) {
          // Of a panel all that the task has of it.
          const int64_t panel_end = (strip / grid.panel_strips + 1) * grid.panel_strips;
          const int64_t next = std::min(panel_end, task.strip_end);
          multiply_strips(call, walk, grid, task, strip, next - strip, a, pixels.zeros(), tap, taps);
          strip = next;
        }
      }
      finish_task(call, grid, task);
    }
  });
  return {};
}

}  // namespace

const LastConvWay kIndirectWay = {[](const LastConvShape&) { return true; }, pack_key, pack_floats, pack, run};

}  // namespace tenon::cpu_blas
