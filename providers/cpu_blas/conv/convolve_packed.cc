// Convolution with a packed weight: the product of the unfolded image's transpose (pixels x C * KH * KW) and the
// weight's (C * KH * KW x M), a block of pixels and a panel of output channels at a time, which is turned into the
// result's layout while it is in the cache. The image of a 1 x 1 convolution is that transpose already and is read in
// place.
#include <algorithm>

#include "common.h"
#include "conv/conv_call.h"
#include "conv/unfold.h"
#include "gemm.h"
#include "simd/panel_gemm.h"

namespace tenon::cpu_blas {
namespace {

constexpr int64_t kDepth = 1024;      // of one pass: a quarter of a megabyte of panel at the widest, in the L2 cache
constexpr int64_t kMostPixels = 240;  // of a block
constexpr int64_t kPixelGrain = 12;   // whole tiles of the product and whole vectors of the result
constexpr int64_t kBlocksPerWorker = 4;

/// The unfolded image: element (pixel, k) at data[k * stride + pixel].
struct Columns {
  const float* data;
  int64_t stride;
};

/// Unfolds one image into `columns`, k x out_pixels, its channels spread over the pool.
void unfold_image(sdk::RunContext& run, const ConvCall& call, const float* image, simd::Segment* segments,
                  float* columns) {
  const int64_t taps = call.window.h.kernel * call.window.w.kernel;
  const int64_t count = plan_unfold(call.window, 0, call.out_pixels, call.out_pixels, segments);
  run.parallel_for(call.channels, static_cast<double>(call.out_pixels * taps) / 4, [&](int64_t begin, int64_t end) {
    simd::unfold_channels(segments, count, image + begin * call.in_pixels, call.in_pixels, call.window.w.stride,
                          end - begin, columns + begin * taps * call.out_pixels, taps * call.out_pixels);
  });
}

/// Pixels [pixel, pixel + pixels) of the output channels from `output` on, by way of `tile`, pixels x panel_width().
void convolve_block(const ConvCall& call, int64_t image, const Columns& columns, const float* panels, int64_t pixel,
                    int64_t pixels, int64_t output, float* tile) {
  const int64_t outputs = std::min(simd::panel_width(), call.outputs - output);
  const int64_t padded = ceil_div(outputs, simd::vector_width()) * simd::vector_width();
  simd::PanelProduct p{};
  p.a_stride = 1;
  p.a_step = columns.stride;
  p.rows = pixels;
  p.columns = p.panel_stride = p.c_stride = padded;
  p.c = tile;
  for (int64_t k = 0; k < call.k; k += kDepth) {
    p.depth = std::min(kDepth, call.k - k);
    p.a = columns.data + k * columns.stride + pixel;
    p.panel = panels + output * call.k + k * padded;
    p.accumulate = k > 0;
    simd::multiply_panel(p);
  }
  simd::TransposedFinish f{};
  f.t = tile;
  f.t_stride = padded;
  f.rows = pixels;
  f.columns = outputs;
  f.scale = call.scale != nullptr ? call.scale + output : nullptr;
  f.shift = call.shift != nullptr ? call.shift + output : nullptr;
  const int64_t at = (image * call.outputs + output) * call.out_pixels + pixel;
  f.residual = call.residual != nullptr ? call.residual + at : nullptr;
  f.low = call.low();
  f.high = call.high();
  f.c = call.y + at;
  f.c_stride = call.out_pixels;
  simd::finish_transposed(f);
  call.finish(image * call.outputs + output, outputs, pixel, pixels);
}

}  // namespace

sdk::Status convolve_packed(sdk::RunContext& run, const ConvCall& call, const float* panels) {
  const int64_t width = simd::panel_width();
  const int64_t panel_count = ceil_div(call.outputs, width);
  int64_t blocks = ceil_div(call.out_pixels, kMostPixels);
  if (run.max_workers() > 1) blocks = std::max(blocks, ceil_div(kBlocksPerWorker * run.max_workers(), panel_count));
  const int64_t pixels = ceil_div(ceil_div(call.out_pixels, blocks), kPixelGrain) * kPixelGrain;
  blocks = ceil_div(call.out_pixels, pixels);

  const bool in_place = is_pointwise(call.window);
  TN_ASSIGN_OR_RETURN(float* tiles, run.scratch<float>(static_cast<size_t>(run.max_workers() * pixels * width)));
  TN_ASSIGN_OR_RETURN(float* unfolded,
                      run.scratch<float>(in_place ? 0 : static_cast<size_t>(call.k * call.out_pixels)));
  TN_ASSIGN_OR_RETURN(simd::Segment * segments,
                      run.scratch<simd::Segment>(unfold_segments(call.window, call.out_pixels)));
  for (int64_t image = 0; image < call.images; ++image) {
    const float* x = call.x + image * call.channels * call.in_pixels;
    if (!in_place) unfold_image(run, call, x, segments, unfolded);
    const Columns columns{in_place ? x : unfolded, call.out_pixels};
    run.parallel_for(panel_count * blocks, gemm_cost_ns(pixels, width, call.k),
                     [&](uint32_t worker, int64_t begin, int64_t end) {
                       for (int64_t task = begin; task < end; ++task) {
                         const int64_t pixel = task % blocks * pixels;
                         convolve_block(call, image, columns, panels, pixel, std::min(pixels, call.out_pixels - pixel),
                                        task / blocks * width, tiles + worker * pixels * width);
                       }
                     });
  }
  return {};
}

}  // namespace tenon::cpu_blas
