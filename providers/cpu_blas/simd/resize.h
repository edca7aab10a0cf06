// Rows of resized and of put together tensors. Compiled for several instruction sets and chosen at run time. Rows need
// no alignment. Thread-safe.
#pragma once

#include <cstdint>

namespace tenon::cpu_blas::simd {

/// The most inputs that an output is made of.
constexpr int kMostTaps = 4;

/// y[i] = sum over t < taps of weights[t] * rows[t][i], i < n. One tap of weight 1 is copied.
void blend_rows(const float* const* rows, const float* weights, int taps, float* y, int64_t n);

/// Where the outputs of an axis come from: output o takes `taps` inputs, the t-th at[t * outputs + o] with the weight
/// weights[t * outputs + o]. One tap is copied.
struct AxisTable {
  int taps;
  int64_t outputs;
  const int32_t* at;
  const float* weights;
  int repeats;  // 2 or 4: with one tap, each input is so many outputs, from the first on; else 1
};

/// y[o] = sum over t of weight * x[at], for every output of the axis.
void resize_row(const AxisTable& axis, const float* x, float* y);

/// The same where each element is `inner` floats.
void resize_row_of(const AxisTable& axis, const float* x, int64_t inner, float* y);

/// y[i * count + r] = rows[r][i], i < n: rows that lie between each other. Counts 2 and 4 are fast.
void interleave_rows(const float* const* rows, int64_t count, int64_t n, float* y);

}  // namespace tenon::cpu_blas::simd
