// Products of rows that lie anywhere with a few columns: vectors run along k, so that few columns leave no lane idle.
// Compiled for several instruction sets and chosen at run time. Thread-safe.
#pragma once

#include <cstdint>

namespace tenon::cpu_blas::simd {

/// Columns that one product takes at most.
constexpr int64_t kMostDots = 4;

/// c[i, j] (+)= sum over taps t and k < depth of a[t * a_gap + i][k] * w[j * w_stride + t * depth + k], i < rows, j <
/// columns; with `finish` then c = min(max(c * scale[j] + shift[j] + residual[i, j], low), high), NaN staying NaN. The
/// order of a sum depends on depth alone.
struct RowDots {
  const float* const* a;
  int64_t a_gap;  // pointers from one tap to the next
  int64_t taps, depth;
  int64_t rows, columns;
  const float* w;
  int64_t w_stride;
  float* c;
  int64_t c_stride;  // floats between rows; also the residual's
  bool accumulate, finish;
  const float* scale;     // null: 1
  const float* shift;     // null: 0
  const float* residual;  // null: 0
  float low, high;
};
void multiply_dots(const RowDots& dots);

}  // namespace tenon::cpu_blas::simd
