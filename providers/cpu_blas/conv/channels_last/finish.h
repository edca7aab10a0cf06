// The end of a channels-last convolution: what is applied to a part of the result while it is in the cache.
// Thread-safe.
#pragma once

#include <limits>

#include "conv/channels_last/last_conv_call.h"

namespace tenon::cpu_blas {

/// The bounds that stand for an activation that is one, Relu or Clip; of any other, none.
inline float low_bound(const simd::Activation& f) {
  return f.function == simd::Unary::kRelu   ? 0
         : f.function == simd::Unary::kClip ? f.low
                                            : -std::numeric_limits<float>::infinity();
}
inline float high_bound(const simd::Activation& f) {
  return f.function == simd::Unary::kClip ? f.high : std::numeric_limits<float>::infinity();
}

/// Whether bounds are all that the activation does.
inline bool is_bounded(const simd::Activation& f) {
  return f.function == simd::Unary::kIdentity || f.function == simd::Unary::kRelu || f.function == simd::Unary::kClip;
}

/// What bounds do not do: applies the activation and the tail to the outputs [column, column + columns) of the rows
/// [first, first + rows) of all images' pixels, whose scale, shift, residual and bounds are done.
inline void finish_tile(const LastConvCall& call, int64_t first, int64_t rows, int64_t column, int64_t columns) {
  float* const tile = call.y + first * call.shape.outputs + column;
  if (!is_bounded(call.activation)) {
    // One long row where rows follow each other.
    const int64_t at_once = columns == call.shape.outputs ? rows : 1;
    for (int64_t row = 0; row < rows; row += at_once) {
      float* y = tile + row * call.shape.outputs;
      simd::unary(call.activation, y, y, at_once * columns);
    }
  }
  if (call.tail != nullptr) call.tail->apply(tile, rows, columns, call.shape.outputs, first, column);
}

}  // namespace tenon::cpu_blas
