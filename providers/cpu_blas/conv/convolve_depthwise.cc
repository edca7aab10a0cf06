// Depthwise convolution: each output channel reads one input channel, row by row.
#include <algorithm>

#include "conv/conv_call.h"
#include "simd/rows.h"

namespace tenon::cpu_blas {

sdk::Status convolve_depthwise(sdk::RunContext& run, const ConvCall& call) {
  const WindowAxis& h = call.window.h;
  const WindowAxis& w = call.window.w;
  const double cost = static_cast<double>(call.out_pixels) * static_cast<double>(h.kernel * w.kernel) / 8.0;
  run.parallel_for(call.images * call.outputs, cost, [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; ++plane) {
      const int64_t output = plane % call.outputs;
      const int64_t channel = plane / call.outputs * call.channels + output / call.group_outputs;
      const float* image = call.x + channel * call.in_pixels;
      float* out = call.y + plane * call.out_pixels;
      std::fill(out, out + call.out_pixels, 0.0f);
      const float* weights = call.w + output * call.k;
      for_each_tap(call.window, image, out,
                   [&](int64_t tap, const simd::WindowRows& rows) { simd::multiply_add_rows(rows, weights[tap]); });
      const float zero = 0;
      simd::finish_row(out, call.scale != nullptr ? call.scale[output] : 1.0f,
                       call.shift != nullptr ? call.shift + output : &zero, 0,
                       call.residual != nullptr ? call.residual + plane * call.out_pixels : nullptr, call.activation,
                       call.out_pixels);
      call.finish(plane, 1, 0, call.out_pixels);
    }
  });
  return {};
}

}  // namespace tenon::cpu_blas
