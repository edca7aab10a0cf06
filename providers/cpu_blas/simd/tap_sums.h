// Sums of what the taps of a transposed convolution bring to a pixel whose channels lie together. Compiled for several
// instruction sets and chosen at run time. Thread-safe.
#pragma once

#include <cstdint>

namespace tenon::cpu_blas::simd {

/// y[p * y_step + c] = min(max(sum over s of from[s][p * from_step + c] * scale[c] + shift[c], low), high), p < pixels,
/// c < channels, 1 or more; NaN stays NaN. Sums go in the order of `from`; of no sources one is 0. y is none of them.
struct TapSums {
  const float* const* from;
  int64_t sources;
  int64_t from_step;
  float* y;
  int64_t y_step;
  int64_t pixels, channels;
  const float* scale;  // null: 1
  const float* shift;  // null: 0
  float low, high;
};
void sum_taps(const TapSums& sums);

}  // namespace tenon::cpu_blas::simd
