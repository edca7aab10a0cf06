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
      for (int64_t tap = 0; tap < call.k; ++tap) {
        const int64_t kh = tap / w.kernel, kw = tap % w.kernel;
        const WindowAxis::Range rows = h.inside(kh), columns = w.inside(kw);
        if (columns.begin >= columns.end) continue;
        const float weight = call.w[output * call.k + tap];
        for (int64_t oh = rows.begin; oh < rows.end; ++oh)
          simd::multiply_add_strided(image + h.input_of(oh, kh) * w.in + w.input_of(columns.begin, kw), w.stride,
                                     weight, out + oh * w.out + columns.begin, columns.end - columns.begin);
      }
      const float zero = 0;
      simd::finish_row(out, call.scale != nullptr ? call.scale[output] : 1.0f,
                       call.shift != nullptr ? call.shift + output : &zero, 0,
                       call.residual != nullptr ? call.residual + plane * call.out_pixels : nullptr, call.activation,
                       call.out_pixels);
    }
  });
  return {};
}

}  // namespace tenon::cpu_blas
