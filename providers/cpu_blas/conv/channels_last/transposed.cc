// A task computes blocks of output rows, one below the other, of some outputs. What the taps bring to a row of the
// image is kept until the last output row that reads it. Of one spatial dimension the rows are single pixels.
#include "conv/channels_last/transposed.h"

#include <algorithm>
#include <cstring>

#include "common.h"
#include "conv/channels_last/finish.h"
#include "conv/channels_last/tap_places.h"
#include "gemm.h"
#include "simd/isa.h"
#include "simd/panel_gemm.h"
#include "simd/row_gemm.h"
#include "simd/tap_sums.h"

namespace tenon::cpu_blas {
namespace {

constexpr int64_t kColumns = 512;            // of a chunk's product, unless a vector of outputs has more
constexpr int64_t kBlockFloats = 96 * 1024;  // of what the taps bring to a block: less than half an L2 cache
constexpr int64_t kLeastPixels = 48;         // of a block, over which reading the weights is divided
constexpr int64_t kPixels = 96;              // of one product: whole tiles
constexpr int64_t kDepth = 1024;             // K of one pass
constexpr int64_t kTasksPerWorker = 4;
constexpr uint64_t kFetchFloats = 128 * 1024;  // of weights that stay in no L2 cache

uint64_t chunk_floats(const TransposedWeight& w, int64_t outputs) {
  return static_cast<uint64_t>(w.channels) * static_cast<uint64_t>(round_up(w.taps * outputs, simd::vector_width()));
}

/// How the result is cut: tasks go through blocks fastest, then chunks of outputs, then images.
struct Grid {
  int64_t rows, blocks;  // of a block: rows of the image, and as many times the stride of outputs
  int64_t most_rows;     // of the image that a block reads
};

Grid plan_grid(const TransposedWeight& weight, const LastConvCall& call, int64_t workers) {
  const WindowAxis& outer = call.window.h;
  const int64_t width = std::max<int64_t>(1, call.window.w.out), columns = weight.taps * weight.chunk();
  const int64_t all = ceil_div(outer.in, outer.stride);
  const int64_t most = std::max(kLeastPixels, kBlockFloats / columns);
  int64_t blocks = ceil_div(all, std::max<int64_t>(1, most / width));
  if (workers > 1) {
    const int64_t wanted = ceil_div(kTasksPerWorker * workers, weight.chunks() * call.images);
    blocks = std::max(blocks, std::min({wanted, all, all * width / kLeastPixels}));
  }
  Grid g{};
  g.rows = ceil_div(all, blocks);
  g.blocks = ceil_div(all, g.rows);
  g.most_rows = std::min(outer.out, g.rows + (outer.extent() - 1) / outer.stride + 1);
  return g;
}

/// One worker's rows of the image times a chunk of the weights.
class Spread {
 public:
  Spread(const TransposedWeight& weight, const LastConvCall& call, float* room)
      : weight_(weight), call_(call), width_(call.window.w.out), room_(room) {}

  /// Goes to an image and a chunk.
  void start(int64_t image, int64_t chunk) {
    if (image == image_ && chunk == chunk_) return;
    image_ = image, chunk_ = chunk;
    begin_ = end_ = 0;
    first_output_ = chunk * weight_.chunk();
    outputs_ = std::min(weight_.chunk(), weight_.outputs - first_output_);
  }
  int64_t first_output() const { return first_output_; }
  int64_t outputs() const { return outputs_; }
  int64_t columns() const { return outputs_ * weight_.taps; }

  /// Has the rows [begin, end) of the image there; those that are already are not computed again.
  void take(int64_t begin, int64_t end) {
    int64_t kept = 0;
    if (begin >= begin_ && begin < end_) {
      kept = std::min(end_, end) - begin;
      if (begin > begin_) std::memmove(room_, row(begin), static_cast<size_t>(kept * row_floats()) * sizeof(float));
    }
    begin_ = begin, end_ = end;
    if (weight_.channels == 0) std::fill_n(room_, (end - begin) * row_floats(), 0.0f);
    for (int64_t pixel = (begin + kept) * width_; pixel < end * width_; pixel += kPixels)
      multiply(pixel, std::min(kPixels, end * width_ - pixel));
  }
  /// Row `i`, which is there: a pixel has columns(), outputs() for each tap.
  const float* row(int64_t i) const { return room_ + (i - begin_) * row_floats(); }

 private:
  int64_t row_floats() const { return width_ * columns(); }

  void multiply(int64_t pixel, int64_t count) const {
    const float* rows[kPixels];
    const float* x = call_.x + (image_ * call_.in_pixels + pixel) * weight_.channels;
    for (int64_t i = 0; i < count; ++i) rows[i] = x + i * weight_.channels;
    simd::RowProduct p{};
    p.a = rows;
    p.a_gap = p.rows = count;
    p.taps = 1;
    p.c_stride = columns();
    const uint64_t first = static_cast<uint64_t>(chunk_) * chunk_floats(weight_, weight_.chunk());
    const float *panel = call_.packed + first, *end = call_.packed + weight_.floats();
    for (int64_t column = 0; column < columns(); column += p.columns) {
      p.columns = std::min(simd::panel_width(), columns() - column);
      p.panel_stride = simd::panel_stride(p.columns);
      p.c = room_ + (pixel - begin_ * width_) * columns() + column;
      for (p.a_offset = 0; p.a_offset < weight_.channels; p.a_offset += p.depth) {
        p.depth = std::min(kDepth, weight_.channels - p.a_offset);
        p.accumulate = p.a_offset > 0;
        p.panel = panel;
        panel += p.depth * p.panel_stride;
        if (weight_.floats() > kFetchFloats) p.next = panel, p.next_floats = std::min(panel - p.panel, end - panel);
        simd::multiply_rows(p);
      }
    }
  }

  const TransposedWeight& weight_;
  const LastConvCall& call_;
  const int64_t width_;
  float* const room_;
  int64_t image_ = -1, chunk_ = -1;
  int64_t begin_ = 0, end_ = 0;  // rows that are there
  int64_t first_output_ = 0, outputs_ = 0;
};

/// The output as sums of what one worker has there. `from`: room for a pointer for each tap.
class Sums {
 public:
  Sums(const LastConvCall& call, const TapPlaces& places, const Spread& spread, const float** from)
      : call_(call), places_(places), spread_(spread), from_(from) {}

  /// Row `oh` of a plane of outputs at `y`: the rows of the image that it reads are there.
  void add_row(int64_t oh, float* y) const {
    const WindowAxis &h = call_.window.h, &w = call_.window.w;
    for (const TapPlaces::Run& run : places_.runs) {
      int64_t sources = 0;
      for (int64_t kh = 0; kh < h.kernel; ++kh) {
        const int64_t at = oh + h.pad_begin - kh * h.dilation;
        if (at < 0) break;
        if (at % h.stride != 0 || at / h.stride >= h.out) continue;
        const float* const row = spread_.row(at / h.stride);
        for (size_t i = run.first_tap; i < run.last_tap; ++i) {
          const TapPlaces::Tap& tap = places_.taps[i];
          from_[sources++] =
              row + (run.begin + tap.offset) * spread_.columns() + (kh * w.kernel + tap.tap) * spread_.outputs();
        }
      }
      sum(w, run, run.begin, run.end, sources, y + oh * w.in * call_.shape.outputs);
    }
  }

  /// The outputs q * stride of a line at `y`, and those up to the next such, q of [begin, end): what they read is
  /// there.
  void add_line(int64_t begin, int64_t end, float* y) const {
    for (const TapPlaces::Run& run : places_.runs) {
      const int64_t first = std::max(begin, run.begin), last = std::min(end, run.end);
      if (first >= last) continue;
      int64_t sources = 0;
      for (size_t i = run.first_tap; i < run.last_tap; ++i)
        from_[sources++] = spread_.row(first + places_.taps[i].offset) + places_.taps[i].tap * spread_.outputs();
      sum(call_.window.h, run, first, last, sources, y);
    }
  }

 private:
  /// Of the places [begin, end) of a run along the axis.
  void sum(const WindowAxis& axis, const TapPlaces::Run& run, int64_t begin, int64_t end, int64_t sources,
           float* y) const {
    const int64_t first = spread_.first_output(), outputs = call_.shape.outputs;
    simd::TapSums sums{};
    sums.from = from_;
    sums.sources = sources;
    sums.from_step = spread_.columns();
    sums.y = y + (run.phase + begin * axis.stride) * outputs + first;
    sums.y_step = axis.stride * outputs;
    sums.pixels = end - begin;
    sums.channels = spread_.outputs();
    sums.scale = call_.scale != nullptr ? call_.scale + first : nullptr;
    sums.shift = call_.shift != nullptr ? call_.shift + first : nullptr;
    sums.low = low_bound(call_.activation);
    sums.high = high_bound(call_.activation);
    simd::sum_taps(sums);
  }

  const LastConvCall& call_;
  const TapPlaces& places_;
  const Spread& spread_;
  const float** from_;
};

/// The rows of the image that the outputs [begin, end) along the axis read.
WindowAxis::Range rows_read(const WindowAxis& axis, int64_t begin, int64_t end) {
  const int64_t first = begin + axis.pad_begin - (axis.kernel - 1) * axis.dilation;
  const int64_t last = std::min(axis.out, (end - 1 + axis.pad_begin) / axis.stride + 1);
  return {std::min(last, first > 0 ? ceil_div(first, axis.stride) : int64_t{0}), last};
}

}  // namespace

int64_t TransposedWeight::chunk() const {
  const int64_t most = std::max(kColumns / taps / simd::vector_width(), int64_t{1}) * simd::vector_width();
  return outputs <= most ? outputs : round_up(ceil_div(outputs, ceil_div(outputs, most)), simd::vector_width());
}

int64_t TransposedWeight::chunks() const {
  return ceil_div(outputs, chunk());
}

std::string TransposedWeight::key() const {
  return sdk::concat("cpu_blas.conv_transposed_rows/1 chunk=", chunk(), " nr=", simd::panel_width(),
                     " vector=", simd::vector_width(), " isa=", simd::isa_name());
}

uint64_t TransposedWeight::floats() const {
  const int64_t last = outputs - (chunks() - 1) * chunk();
  return static_cast<uint64_t>(chunks() - 1) * chunk_floats(*this, chunk()) + chunk_floats(*this, last);
}

void TransposedWeight::pack(const float* w, float* packed) const {
  for (int64_t first = 0; first < outputs; first += chunk()) {
    const int64_t count = std::min(chunk(), outputs - first), columns = taps * count;
    for (int64_t column = 0; column < columns; column += simd::panel_width()) {
      const int64_t panel_end = std::min(columns, column + simd::panel_width());
      const int64_t width = simd::panel_stride(panel_end - column);
      for (int64_t c = 0; c < channels; ++c, packed += width) {
        for (int64_t j = column; j < panel_end; ++j)
          packed[j - column] = w[(c * outputs + first + j % count) * taps + j / count];
        std::fill(packed + (panel_end - column), packed + width, 0.0f);
      }
    }
  }
}

sdk::Status convolve_transposed(sdk::RunContext& run, const TransposedWeight& weight, const LastConvCall& call) {
  const bool is_line = call.window.w.in == 1 && call.window.w.out == 1 && call.window.w.kernel == 1;
  const WindowAxis& outer = call.window.h;
  const int64_t width = call.window.w.out;
  const Grid grid = plan_grid(weight, call, run.max_workers());
  const TapPlaces places = TapPlaces::of(is_line ? outer : call.window.w);
  const auto pointers = static_cast<size_t>(weight.taps);
  const auto room = static_cast<size_t>(grid.most_rows * width * weight.taps * weight.chunk());
  TN_ASSIGN_OR_RETURN(float* const rooms, run.scratch<float>(run.max_workers() * room));
  TN_ASSIGN_OR_RETURN(const float** const sources, run.scratch<const float*>(run.max_workers() * pointers));
  const double cost = gemm_cost_ns(grid.rows * width, weight.taps * weight.chunk(), weight.channels);
  run.parallel_for(call.images * weight.chunks() * grid.blocks, cost, [&](uint32_t worker, int64_t begin, int64_t end) {
    Spread spread(weight, call, rooms + worker * room);
    const Sums sums(call, places, spread, sources + worker * pointers);
    for (int64_t i = begin; i < end; ++i) {
      const int64_t image = i / grid.blocks / weight.chunks(), block = i % grid.blocks;
      const int64_t first = block * grid.rows * outer.stride;
      const int64_t last = std::min(outer.in, first + grid.rows * outer.stride);
      spread.start(image, i / grid.blocks % weight.chunks());
      const WindowAxis::Range rows = rows_read(outer, first, last);
      spread.take(rows.begin, rows.end);
      float* const y = call.y + image * call.out_pixels * call.shape.outputs;
      if (is_line) {
        sums.add_line(block * grid.rows, (block + 1) * grid.rows, y);
      } else {
        for (int64_t oh = first; oh < last; ++oh) sums.add_row(oh, y);
      }
      finish_tile(call, image * call.out_pixels + first * call.window.w.in, (last - first) * call.window.w.in,
                  spread.first_output(), spread.outputs());
    }
  });
  return {};
}

}  // namespace tenon::cpu_blas
