// Convolution of 3 x 3 with stride 1 by Winograd's F(m x m, 3 x 3): tiles of the image are transformed, each of the
// (m + 2)^2 elements of all tiles is multiplied with its own matrix of the weight, and the products are transformed to
// m x m pixels each. Tiles go block by block: by threads each for itself, or, where they are few, by all together. An
// image with infinities or NaN, which transforms would spread, is computed by the way for any convolution.
#include "simd/winograd.h"

#include <algorithm>
#include <atomic>

#include "common.h"
#include "conv/channels_last/finish.h"
#include "conv/channels_last/ways.h"
#include "conv/channels_last/winograd_weight.h"
#include "gemm.h"
#include "simd/panel_gemm.h"
#include "simd/row_gemm.h"

namespace tenon::cpu_blas {
namespace {

constexpr int64_t kLeastChannels = 8;
constexpr int64_t kFewPixels = 256;  // of an output

constexpr int64_t kDepth = 1024;  // of one pass: a quarter of a megabyte of panel at the widest, in the L2 cache
constexpr int64_t kFetchFloats = 128 * 1024;  // of weights that stay in no L2 cache beside the tiles
constexpr int64_t kPad = 16;         // floats between matrices: sizes that are powers of two would share a cache's sets
constexpr int64_t kMostTiles = 60;   // of a block
constexpr int64_t kLeastTiles = 12;  // that are worth reading the whole weight for
constexpr int kMostElements = 36;

WinogradWeight weight_of(const LastConvShape& shape, int tile) {
  return {tile, shape.channels(), shape.outputs};
}

/// One convolution cut into tiles, which are numbered image by image and row by row. An image is a plane of it.
class Tiling {
 public:
  /// `zeros`: of a pixel outside the image.
  Tiling(const LastConvCall& call, const WinogradWeight& weight, const float* zeros)
      : call_(call),
        weight_(weight),
        zeros_(zeros),
        down_(ceil_div(call.window.h.out, weight.tile)),
        across_(ceil_div(call.window.w.out, weight.tile)),
        padded_outputs_(round_up(weight.outputs, simd::vector_width())) {}

  int64_t count() const { return call_.images * call_.depth.out * down_ * across_; }
  const WinogradWeight& weight() const { return weight_; }
  /// Floats between the elements of a block of so many tiles: transformed, and multiplied.
  int64_t input_gap(int64_t tiles) const { return round_up(tiles * weight_.channels, kPad) + kPad; }
  int64_t output_gap(int64_t tiles) const { return tiles * padded_outputs_ + kPad; }
  int64_t panels() const { return ceil_div(weight_.outputs, simd::panel_width()); }

  /// Transforms the tile `tile` to row `row` of the matrices at `to`.
  void transform_input(int64_t tile, int64_t row, float* to, int64_t gap) const {
    const Place place = place_of(tile);
    const WindowAxis &h = call_.window.h, &w = call_.window.w;
    const float* image = call_.x + place.image * call_.window.h.in * call_.window.w.in * weight_.channels;
    const float* pixels[kMostElements];
    const float** next = pixels;
    for (int64_t i = 0; i < weight_.width(); ++i) {
      const int64_t y = h.input_of(place.row, 0) + i;
      for (int64_t j = 0; j < weight_.width(); ++j) {
        const int64_t x = w.input_of(place.column, 0) + j;
        const bool is_inside = y >= 0 && y < h.in && x >= 0 && x < w.in;
        *next++ = is_inside ? image + (y * w.in + x) * weight_.channels : zeros_;
      }
    }
    simd::transform_winograd_input(weight_.tile, {pixels, weight_.channels, to + row * weight_.channels, gap});
  }

  /// The panel `panel` of the products of element `element` of `tiles` tiles. `rows`: the first element of each.
  void multiply(int64_t element, int64_t panel, int64_t tiles, const float* const* rows, float* to) const {
    const int64_t first = panel * simd::panel_width();
    const float* matrix = call_.packed + element * weight_.matrix_floats() + first * weight_.channels;
    simd::RowProduct p{};
    p.a = rows;
    p.taps = 1;
    p.rows = tiles;
    p.columns = p.panel_stride = std::min(simd::panel_width(), padded_outputs_ - first);
    p.c = to + element * output_gap(tiles) + first;
    p.c_stride = padded_outputs_;
    const float* const end = call_.packed + weight_.floats();
    for (int64_t k = 0; k < weight_.channels; k += kDepth) {
      p.depth = std::min(kDepth, weight_.channels - k);
      p.a_offset = element * input_gap(tiles) + k;
      p.panel = matrix + k * p.panel_stride;
      p.accumulate = k > 0;
      if (weight_.floats() > kFetchFloats) {
        p.next = p.panel + p.depth * p.panel_stride;
        p.next_floats = std::min<int64_t>(p.depth * p.panel_stride, end - p.next);
      }
      simd::multiply_rows(p);
    }
  }

  /// Writes the pixels of the tile `tile`, whose sums are row `row` of the matrices at `from`. False: see
  /// simd::transform_winograd_output().
  bool transform_output(int64_t tile, int64_t row, const float* from, int64_t gap) const {
    const Place place = place_of(tile);
    const WindowAxis &h = call_.window.h, &w = call_.window.w;
    const int64_t pixel = (place.image * h.out + place.row) * w.out + place.column;
    simd::WinogradOutput out{};
    out.sums = from + row * padded_outputs_;
    out.gap = gap;
    out.channels = weight_.outputs;
    out.rows = std::min<int64_t>(weight_.tile, h.out - place.row);
    out.columns = std::min<int64_t>(weight_.tile, w.out - place.column);
    out.scale = call_.scale;
    out.shift = call_.shift;
    out.residual = call_.residual != nullptr ? call_.residual + pixel * weight_.outputs : nullptr;
    out.low = low_bound(call_.activation);
    out.high = high_bound(call_.activation);
    out.y = call_.y + pixel * weight_.outputs;
    out.pixel_stride = weight_.outputs;
    out.row_stride = w.out * weight_.outputs;
    if (!simd::transform_winograd_output(weight_.tile, out)) return false;
    for (int64_t i = 0; i < out.rows; ++i) finish_tile(call_, pixel + i * w.out, out.columns, 0, weight_.outputs);
    return true;
  }

 private:
  /// The first output pixel of a tile.
  struct Place {
    int64_t image, row, column;
  };
  Place place_of(int64_t tile) const {
    const int64_t line = tile / across_;
    return {line / down_, line % down_ * weight_.tile, tile % across_ * weight_.tile};
  }

  const LastConvCall& call_;
  const WinogradWeight& weight_;
  const float* zeros_;
  int64_t down_, across_, padded_outputs_;
};

/// Each worker takes blocks of `tiles` tiles. False: see simd::transform_winograd_output().
sdk::Result<bool> convolve_apart(sdk::RunContext& run, const Tiling& tiling, int64_t tiles) {
  const WinogradWeight& weight = tiling.weight();
  const int64_t inputs = weight.elements() * tiling.input_gap(tiles);
  const int64_t outputs = weight.elements() * tiling.output_gap(tiles);
  TN_ASSIGN_OR_RETURN(float* room, run.scratch<float>(static_cast<size_t>(run.max_workers() * (inputs + outputs))));
  TN_ASSIGN_OR_RETURN(const float** pointers,
                      run.scratch<const float*>(static_cast<size_t>(run.max_workers() * tiles)));
  std::atomic<bool> is_finite = true;
  const double cost = gemm_cost_ns(tiles * weight.elements(), weight.outputs, weight.channels);
  run.parallel_for(ceil_div(tiling.count(), tiles), cost, [&](uint32_t worker, int64_t begin, int64_t end) {
    float* transformed = room + worker * (inputs + outputs);
    float* products = transformed + inputs;
    const float** rows = pointers + worker * tiles;
    for (int64_t i = 0; i < tiles; ++i) rows[i] = transformed + i * weight.channels;
    for (int64_t block = begin; block < end && is_finite; ++block) {
      const int64_t first = block * tiles, count = std::min(tiles, tiling.count() - first);
      for (int64_t i = 0; i < count; ++i) tiling.transform_input(first + i, i, transformed, tiling.input_gap(count));
      for (int64_t element = 0; element < weight.elements(); ++element)
        for (int64_t panel = 0; panel < tiling.panels(); ++panel)
          tiling.multiply(element, panel, count, rows, products);
      for (int64_t i = 0; i < count; ++i)
        if (!tiling.transform_output(first + i, i, products, tiling.output_gap(count))) is_finite = false;
    }
  });
  return is_finite.load();
}

/// All workers share the tiles of a block, then its products, so that each reads a part of the weight alone.
sdk::Result<bool> convolve_shared(sdk::RunContext& run, const Tiling& tiling, int64_t tiles) {
  const WinogradWeight& weight = tiling.weight();
  const int64_t inputs = weight.elements() * tiling.input_gap(tiles);
  const int64_t outputs = weight.elements() * tiling.output_gap(tiles);
  TN_ASSIGN_OR_RETURN(float* transformed, run.scratch<float>(static_cast<size_t>(inputs + outputs)));
  float* products = transformed + inputs;
  TN_ASSIGN_OR_RETURN(const float** rows, run.scratch<const float*>(static_cast<size_t>(tiles)));
  for (int64_t i = 0; i < tiles; ++i) rows[i] = transformed + i * weight.channels;
  std::atomic<bool> is_finite = true;
  const double element_ns = static_cast<double>(weight.elements()) / 20;  // to transform one channel
  for (int64_t first = 0; first < tiling.count() && is_finite; first += tiles) {
    const int64_t count = std::min(tiles, tiling.count() - first);
    run.parallel_for(count, static_cast<double>(weight.channels) * element_ns, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) tiling.transform_input(first + i, i, transformed, tiling.input_gap(count));
    });
    run.parallel_for(weight.elements() * tiling.panels(), gemm_cost_ns(count, simd::panel_width(), weight.channels),
                     [&](int64_t begin, int64_t end) {
                       for (int64_t i = begin; i < end; ++i)
                         tiling.multiply(i / tiling.panels(), i % tiling.panels(), count, rows, products);
                     });
    run.parallel_for(count, static_cast<double>(weight.outputs) * element_ns, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        if (!tiling.transform_output(first + i, i, products, tiling.output_gap(count))) is_finite = false;
    });
  }
  return is_finite.load();
}

/// By the way for any convolution, with the weight computed from the transformed one.
sdk::Status convolve_again(sdk::RunContext& run, LastConvCall call, const WinogradWeight& weight) {
  TN_ASSIGN_OR_RETURN(float* w, run.scratch<float>(static_cast<size_t>(weight.outputs * weight.channels * 9)));
  TN_ASSIGN_OR_RETURN(float* packed, run.scratch<float>(static_cast<size_t>(kIndirectWay.pack_floats(call.shape))));
  weight.unpack(call.packed, w);
  kIndirectWay.pack(call.shape, w, packed);
  call.packed = packed;
  return kIndirectWay.run(run, call);
}

sdk::Status convolve_winograd(sdk::RunContext& run, const LastConvCall& call, int tile) {
  const WinogradWeight weight = weight_of(call.shape, tile);
  // Images that lie one behind the other are images, unless there is padding between them or some are left out.
  if (call.depth.in != call.depth.out || call.depth.pad_begin != 0) return convolve_again(run, call, weight);
  TN_ASSIGN_OR_RETURN(float* zeros, run.scratch<float>(static_cast<size_t>(weight.channels)));
  std::fill_n(zeros, weight.channels, 0.0f);
  const Tiling tiling(call, weight, zeros);
  const int64_t workers = run.max_workers();
  const int64_t rounds = ceil_div(tiling.count(), workers * kMostTiles);
  const int64_t each = ceil_div(tiling.count(), workers * rounds);
  const bool apart = workers == 1 || each >= kLeastTiles;
  const int64_t tiles = apart ? each : ceil_div(tiling.count(), ceil_div(tiling.count(), kMostTiles));
  TN_ASSIGN_OR_RETURN(const bool is_finite,
                      apart ? convolve_apart(run, tiling, tiles) : convolve_shared(run, tiling, tiles));
  return is_finite ? sdk::Status() : convolve_again(run, call, weight);
}

bool is_plain(const LastConvShape& s) {
  return s.groups == 1 && s.kernel_d == 1 && s.kernel_h == 3 && s.kernel_w == 3 && s.stride_h == 1 && s.stride_w == 1 &&
         s.dilation_h == 1 && s.dilation_w == 1 && s.channels() >= kLeastChannels && s.outputs >= kLeastChannels;
}

bool has_few_pixels(const LastConvShape& s) {
  return s.out_h >= 0 && s.out_w >= 0 && s.out_h <= kFewPixels && s.out_h * s.out_w <= kFewPixels;
}

template <int tile>
constexpr LastConvWay way_of(bool (*takes)(const LastConvShape&)) {
  return {takes, [](const LastConvShape& shape) { return weight_of(shape, tile).key(); },
          [](const LastConvShape& shape) { return static_cast<uint64_t>(weight_of(shape, tile).floats()); },
          [](const LastConvShape& shape, const float* w, float* packed) { weight_of(shape, tile).pack(w, packed); },
          [](sdk::RunContext& run, const LastConvCall& call) { return convolve_winograd(run, call, tile); }};
}

}  // namespace

const LastConvWay kSmallWinogradWay =
    way_of<2>([](const LastConvShape& s) { return is_plain(s) && has_few_pixels(s); });
const LastConvWay kWinogradWay = way_of<4>(is_plain);

}  // namespace tenon::cpu_blas
