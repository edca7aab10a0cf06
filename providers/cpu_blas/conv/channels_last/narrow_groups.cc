// Convolution in groups of two, four or eight inputs and as many outputs, as in ResNeXt: products of single groups
// would leave most lanes of a vector idle, so a vector is several groups.
#include <algorithm>
#include <string>

#include "common.h"
#include "conv/channels_last/finish.h"
#include "conv/channels_last/pixel_rows.h"
#include "conv/channels_last/ways.h"
#include "gemm.h"
#include "simd/isa.h"
#include "simd/panel_gemm.h"
#include "simd/row_groups.h"

namespace tenon::cpu_blas {
namespace {

constexpr int64_t kRows = 96;       // of a task
constexpr int64_t kMostTaps = 256;  // that are pointed at together

bool takes(const LastConvShape& s) {
  return s.groups > 1 && s.group_channels == s.group_outputs() && simd::takes_groups(s.group_channels) &&
         s.outputs % simd::vector_width() == 0;
}

std::string pack_key(const LastConvShape& s) {
  return "cpu_blas.conv_groups/1 groups=" + std::to_string(s.groups) +
         " vector=" + std::to_string(simd::vector_width());
}

uint64_t pack_floats(const LastConvShape& s) {
  return static_cast<uint64_t>(s.outputs) * static_cast<uint64_t>(s.k());
}

/// For each vector of outputs: by kernel position and input of a group, the weights of all its lanes.
void pack(const LastConvShape& s, const float* w, float* packed) {
  const int64_t width = simd::vector_width();
  for (int64_t first = 0; first < s.outputs; first += width)
    for (int64_t tap = 0; tap < s.taps(); ++tap)
      for (int64_t c = 0; c < s.group_channels; ++c)
        for (int64_t m = first; m < first + width; ++m) *packed++ = w[(m * s.group_channels + c) * s.taps() + tap];
}

/// The rows [first, first + rows) over the taps [tap_begin, tap_begin + taps) that `a` points at.
void multiply_all(const LastConvCall& call, int64_t first, int64_t rows, const float* const* a, int64_t tap_begin,
                  int64_t taps) {
  const LastConvShape& s = call.shape;
  simd::RowGroups p{};
  p.a = a;
  p.a_gap = p.rows = rows;
  p.taps = taps;
  p.group = s.group_channels;
  p.c_stride = s.outputs;
  p.accumulate = tap_begin > 0;
  p.finish = tap_begin + taps == s.taps();
  p.low = low_bound(call.activation);
  p.high = high_bound(call.activation);
  for (int64_t column = 0; column < s.outputs; column += simd::vector_width()) {
    p.a_offset = column;
    p.w = call.packed + column * s.k() + tap_begin * s.group_channels * simd::vector_width();
    p.c = call.y + first * s.outputs + column;
    p.scale = call.scale != nullptr ? call.scale + column : nullptr;
    p.shift = call.shift != nullptr ? call.shift + column : nullptr;
    p.residual = call.residual != nullptr ? call.residual + first * s.outputs + column : nullptr;
    simd::multiply_groups(p);
  }
}

sdk::Status run(sdk::RunContext& run, const LastConvCall& call) {
  const LastConvShape& s = call.shape;
  const int64_t most_taps = std::min(s.taps(), kMostTaps);
  TN_ASSIGN_OR_RETURN(const PixelRows pixels, PixelRows::create(run, call, plan_walk(s), kRows, most_taps));
  const int64_t total = call.images * call.out_pixels;
  const double cost = gemm_cost_ns(kRows, s.outputs, s.k());
  run.parallel_for(ceil_div(total, kRows), cost, [&](uint32_t worker, int64_t begin, int64_t end) {
    for (int64_t first = begin * kRows; first < std::min(end * kRows, total); first += kRows) {
      const int64_t rows = std::min(kRows, total - first);
      for (int64_t tap = 0; tap < s.taps(); tap += most_taps) {
        const int64_t taps = std::min(most_taps, s.taps() - tap);
        multiply_all(call, first, rows, pixels.point(worker, first, rows, tap, tap + taps), tap, taps);
      }
      finish_tile(call, first, rows, 0, s.outputs);
    }
  });
  return {};
}

}  // namespace

const LastConvWay kNarrowGroupsWay = {takes, pack_key, pack_floats, pack, run};

}  // namespace tenon::cpu_blas
