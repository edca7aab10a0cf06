// Convolution as products of the weight (M/groups x C/groups * KH * KW), read where it lies, with panels of columns
// unfolded from the image, a stripe of output pixels at a time. Scratch stays below a few megabytes a thread.
#include <algorithm>

#include "common.h"
#include "conv/conv_call.h"
#include "conv/unfold.h"
#include "gemm.h"
#include "simd/panel_gemm.h"

namespace tenon::cpu_blas {
namespace {

constexpr int64_t kDepth = 512;                // rows of a panel per pass: 128 KB of it at the widest
constexpr int64_t kPassElements = 128 * 1024;  // of all panels in one pass: half an L2 cache
constexpr int64_t kRowBlock = 96;              // rows of the weight that stay in the cache while panels change

/// Unfolds the pixels [begin, end) of the channels [channel_begin, channel_end) of one group into panels that lie one
/// after the other, each k x panel_width(). `segments` is room for one plan.
void unfold_panels(const ConvCall& call, const float* image, int64_t begin, int64_t end, int64_t channel_begin,
                   int64_t channel_end, simd::Segment* segments, float* panels) {
  const int64_t width = simd::panel_width();
  const int64_t block = call.window.h.kernel * call.window.w.kernel * width;
  for (int64_t p = begin; p < end; p += width, panels += call.k * width) {
    const int64_t count = plan_unfold(call.window, p, std::min(p + width, end), width, segments);
    simd::unfold_channels(segments, count, image + channel_begin * call.in_pixels, call.in_pixels, call.window.w.stride,
                          channel_end - channel_begin, panels + channel_begin * block, block);
  }
}

/// Panels of pixels: element (k, j) of the panel i at data[i * gap + k * stride + j].
struct Panels {
  const float* data;
  int64_t gap, stride;
};

/// Computes the rows [row_begin, row_end) of the pixels [begin, end) of item (image, group) from their panels.
void multiply_panels(const ConvCall& call, int64_t item, int64_t row_begin, int64_t row_end, int64_t begin, int64_t end,
                     const Panels& panels) {
  const int64_t width = simd::panel_width();
  const int64_t first = item % call.groups * call.group_outputs;  // of the group's output channels
  simd::PanelProduct p{};
  p.low = call.low();
  p.high = call.high();
  p.a_stride = call.k;
  p.a_step = 1;
  p.panel_stride = panels.stride;
  p.c_stride = p.residual_stride = call.out_pixels;
  p.alpha = 1;
  for (int64_t k = 0; k < std::max<int64_t>(call.k, 1); k += kDepth) {
    p.depth = std::min(kDepth, call.k - k);
    p.accumulate = k > 0;
    p.finish = k + p.depth == call.k;
    for (int64_t row = row_begin; row < row_end; row += kRowBlock) {
      p.rows = std::min(kRowBlock, row_end - row);
      p.a = call.w + (first + row) * call.k + k;
      p.scale = call.scale != nullptr ? call.scale + first + row : nullptr;
      p.shift = call.shift != nullptr ? call.shift + first + row : nullptr;
      const int64_t channel = item / call.groups * call.outputs + first + row;
      const int64_t plane = channel * call.out_pixels;
      for (int64_t at = begin; at < end; at += width) {
        p.columns = std::min(width, end - at);
        p.panel = panels.data + (at - begin) / width * panels.gap + k * panels.stride;
        p.c = call.y + plane + at;
        p.residual = call.residual != nullptr ? call.residual + plane + at : nullptr;
        simd::multiply_panel(p);
      }
      if (p.finish) call.finish(channel, p.rows, begin, end - begin);
    }
  }
}

/// For images of few pixels: all threads unfold together, then divide the output channels.
sdk::Status convolve_shared(sdk::RunContext& run, const ConvCall& call) {
  const int64_t width = simd::panel_width();
  const size_t room = unfold_segments(call.window, width);
  const int64_t rows = std::max<int64_t>(24, ceil_div(call.group_outputs, 4 * run.max_workers() * 6) * 6);
  TN_ASSIGN_OR_RETURN(float* panels,
                      run.scratch<float>(static_cast<size_t>(ceil_div(call.out_pixels, width) * width * call.k)));
  TN_ASSIGN_OR_RETURN(simd::Segment * segments, run.scratch<simd::Segment>(run.max_workers() * room));
  for (int64_t item = 0; item < call.images * call.groups; ++item) {
    const float* image = call.x + item * call.group_channels * call.in_pixels;
    const double cost = static_cast<double>(call.out_pixels * call.window.h.kernel * call.window.w.kernel) / 4;
    run.parallel_for(call.group_channels, cost, [&](uint32_t worker, int64_t begin, int64_t end) {
      unfold_panels(call, image, 0, call.out_pixels, begin, end, segments + worker * room, panels);
    });
    run.parallel_for(ceil_div(call.group_outputs, rows), gemm_cost_ns(rows, call.out_pixels, call.k),
                     [&](int64_t begin, int64_t end) {
                       multiply_panels(call, item, begin * rows, std::min(end * rows, call.group_outputs), 0,
                                       call.out_pixels, {panels, call.k * width, width});
                     });
  }
  return {};
}

}  // namespace

sdk::Status convolve_panels(sdk::RunContext& run, const ConvCall& call) {
  const int64_t workers = run.max_workers();
  const int64_t items = call.images * call.groups;
  const int64_t width = simd::panel_width();
  const int64_t most = std::max<int64_t>(1, kPassElements / (std::max<int64_t>(1, std::min(call.k, kDepth)) * width));
  int64_t stripes = ceil_div(call.out_pixels, most * width);
  stripes = ceil_div(ceil_div(items * stripes, workers) * workers, items);  // as many for each thread
  // Whole vectors, so that stripes differ by one at most.
  const int64_t vector = simd::vector_width();
  const int64_t stripe = ceil_div(ceil_div(call.out_pixels, stripes), vector) * vector;
  stripes = ceil_div(call.out_pixels, stripe);
  if (items * stripes < workers || (workers > 1 && call.out_pixels <= 2 * width)) return convolve_shared(run, call);
  // The rows of a pointwise convolution's panels lie in the image, as long as no vector reads past a plane's end.
  const bool in_place = is_pointwise(call.window) && call.out_pixels % vector == 0;
  const size_t room = in_place ? 0 : unfold_segments(call.window, width);
  const int64_t panels_size = in_place ? 0 : ceil_div(stripe, width) * width * call.k;
  TN_ASSIGN_OR_RETURN(float* panels, run.scratch<float>(static_cast<size_t>(workers * panels_size)));
  TN_ASSIGN_OR_RETURN(simd::Segment * segments, run.scratch<simd::Segment>(static_cast<size_t>(workers) * room));
  run.parallel_for(items * stripes, gemm_cost_ns(call.group_outputs, stripe, call.k),
                   [&](uint32_t worker, int64_t begin, int64_t end) {
                     float* mine = panels + worker * panels_size;
                     for (int64_t task = begin; task < end; ++task) {
                       const int64_t item = task / stripes;
                       const int64_t first = task % stripes * stripe;
                       const int64_t last = std::min(first + stripe, call.out_pixels);
                       const float* image = call.x + item * call.group_channels * call.in_pixels;
                       Panels read{mine, call.k * width, width};
                       if (in_place) {
                         read = {image + first, width, call.in_pixels};
                       } else {
                         unfold_panels(call, image, first, last, 0, call.group_channels, segments + worker * room,
                                       mine);
                       }
                       multiply_panels(call, item, 0, call.group_outputs, first, last, read);
                     }
                   });
  return {};
}

}  // namespace tenon::cpu_blas
