// Convolution of three spatial dimensions: plane by plane of the output, as products of the weight, read where it lies,
// with panels of columns unfolded from the planes of the input that the kernel reaches. Scratch: panels for each
// thread.
#include <algorithm>

#include "common.h"
#include "conv/conv_call.h"
#include "conv/unfold.h"
#include "gemm.h"
#include "simd/panel_gemm.h"

namespace tenon::cpu_blas {
namespace {

constexpr int64_t kDepth = 512;                // rows of a panel per pass
constexpr int64_t kPassElements = 128 * 1024;  // of all panels: half an L2 cache
constexpr int64_t kRowBlock = 96;              // rows of the weight that stay in the cache while panels change

/// Plane `plane` of the output of one group: what it reads and where it goes.
struct Plane {
  const float* image;  // the group's first channel
  int64_t first;       // of the group's output channels
  int64_t at;          // of that channel's pixel (plane, 0, 0) in Y, in floats
  int64_t plane;
};

/// Unfolds the pixels [begin, end) of the plane into panels of panel_width() columns and k rows.
void unfold_plane(const ConvCall& call, const Plane& p, int64_t begin, int64_t end, simd::Segment* segments,
                  float* panels) {
  const WindowAxis& d = call.depth;
  const int64_t width = simd::panel_width(), taps = call.window.h.kernel * call.window.w.kernel;
  const int64_t block = taps * width, volume = d.in * call.in_pixels;
  for (int64_t first = begin; first < end; first += width, panels += call.k * width) {
    const int64_t count = plan_unfold(call.window, first, std::min(first + width, end), width, segments);
    for (int64_t kd = 0; kd < d.kernel; ++kd) {
      const int64_t from = d.input_of(p.plane, kd);
      float* const to = panels + kd * block;
      if (from >= 0 && from < d.in) {
        simd::unfold_channels(segments, count, p.image + from * call.in_pixels, volume, call.window.w.stride,
                              call.group_channels, to, d.kernel * block);
      } else {
        for (int64_t c = 0; c < call.group_channels; ++c) std::fill_n(to + c * d.kernel * block, block, 0.0f);
      }
    }
  }
}

void multiply_plane(const ConvCall& call, const Plane& plane, int64_t begin, int64_t end, const float* panels) {
  const int64_t width = simd::panel_width(), volume = call.depth.out * call.out_pixels;
  simd::PanelProduct p{};
  p.low = call.low();
  p.high = call.high();
  p.a_stride = call.k;
  p.a_step = 1;
  p.panel_stride = width;
  p.c_stride = p.residual_stride = volume;
  p.alpha = 1;
  for (int64_t k = 0; k < std::max<int64_t>(call.k, 1); k += kDepth) {
    p.depth = std::min(kDepth, call.k - k);
    p.accumulate = k > 0;
    p.finish = k + p.depth == call.k;
    for (int64_t row = 0; row < call.group_outputs; row += kRowBlock) {
      p.rows = std::min(kRowBlock, call.group_outputs - row);
      p.a = call.w + (plane.first + row) * call.k + k;
      p.scale = call.scale != nullptr ? call.scale + plane.first + row : nullptr;
      p.shift = call.shift != nullptr ? call.shift + plane.first + row : nullptr;
      const int64_t at = plane.at + row * volume;
      for (int64_t column = begin; column < end; column += width) {
        p.columns = std::min(width, end - column);
        p.panel = panels + (column - begin) * call.k + k * width;
        p.c = call.y + at + column;
        p.residual = call.residual != nullptr ? call.residual + at + column : nullptr;
        simd::multiply_panel(p);
      }
      if (p.finish) call.finish(at / volume, p.rows, at % volume + begin, end - begin);
    }
  }
}

}  // namespace

sdk::Status convolve_volume(sdk::RunContext& run, const ConvCall& call) {
  const int64_t width = simd::panel_width(), workers = run.max_workers();
  const int64_t planes = call.images * call.groups * call.depth.out;
  const int64_t most = std::max<int64_t>(1, kPassElements / (std::max<int64_t>(1, std::min(call.k, kDepth)) * width));
  const int64_t stripe = std::min(most, ceil_div(call.out_pixels, width)) * width;
  const int64_t stripes = ceil_div(call.out_pixels, stripe);
  const size_t room = unfold_segments(call.window, width);
  const int64_t floats = stripe * call.k;
  TN_ASSIGN_OR_RETURN(float* const panels, run.scratch<float>(static_cast<size_t>(workers * floats)));
  TN_ASSIGN_OR_RETURN(simd::Segment* const segments, run.scratch<simd::Segment>(static_cast<size_t>(workers) * room));
  run.parallel_for(planes * stripes, gemm_cost_ns(call.group_outputs, stripe, call.k),
                   [&](uint32_t worker, int64_t begin, int64_t end) {
                     float* const mine = panels + worker * floats;
                     for (int64_t task = begin; task < end && !run.cancelled(); ++task) {
                       const int64_t item = task / stripes / call.depth.out, od = task / stripes % call.depth.out;
                       const int64_t group = item % call.groups, first = group * call.group_outputs;
                       const int64_t volume = call.depth.out * call.out_pixels;
                       const Plane plane{call.x + item * call.group_channels * call.depth.in * call.in_pixels, first,
                                         (item / call.groups * call.outputs + first) * volume + od * call.out_pixels,
                                         od};
                       const int64_t from = task % stripes * stripe, to = std::min(from + stripe, call.out_pixels);
                       unfold_plane(call, plane, from, to, segments + worker * room, mine);
                       multiply_plane(call, plane, from, to, mine);
                     }
                   });
  return {};
}

}  // namespace tenon::cpu_blas
