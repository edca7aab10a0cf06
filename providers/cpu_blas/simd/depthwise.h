// Depthwise convolution of tensors whose channels are last: each output channel is made of the input channel of the
// same number. Vectors lie along channels; several outputs of a row are in registers at a time, so that an input is
// loaded once for all of them. Compiled for several instruction sets and chosen at run time. Thread-safe.
#pragma once

#include <cstdint>
#include <tenon/sdk/geometry/window.hpp>

namespace tenon::cpu_blas::simd {

/// One row of outputs of one image: w.out pixels of `channels` floats,
/// y = min(max(sum over taps of x * weight * scale + shift + residual, low), high), NaN staying NaN.
struct DepthwiseRow {
  sdk::WindowAxis w;  // along the row
  int64_t channels;
  const float* x;        // the first input row of `rows` that the window meets, w.in pixels
  int64_t rows;          // 0 where the window lies on padding alone
  int64_t x_step;        // floats between these
  const float* weights;  // of the first of the rows: kernel x channels, the next row's behind it
  float* y;
  const float* residual;  // null: 0; may be y
  const float* scale;     // by channel; null: 1
  const float* shift;     // by channel; null: 0
  float low, high;
};
void depthwise_row(const DepthwiseRow& row);

}  // namespace tenon::cpu_blas::simd
