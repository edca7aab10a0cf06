// Products of rows that lie anywhere with weights of narrow groups: a vector of outputs is several groups, each of
// which takes its inputs out of one vector of the row. Compiled for several instruction sets and chosen at run time.
// Thread-safe.
#pragma once

#include <cstdint>

namespace tenon::cpu_blas::simd {

/// Whether multiply_groups() takes groups of so many inputs and as many outputs: several of them are a vector.
bool takes_groups(int64_t group_channels);

/// c[i, j] (+)= sum over taps t and k < group of a[t * a_gap + i][j - j % group + k] * w[(t * group + k) *
/// vector_width()
/// + j], i < rows, j < vector_width(), in that order; with `finish` then c = min(max(c * scale[j] + shift[j] +
/// residual[i, j], low), high), NaN staying NaN. a_offset is added to every pointer.
struct RowGroups {
  const float* const* a;
  int64_t a_gap;  // pointers from one tap to the next
  int64_t a_offset;
  int64_t taps, group, rows;
  const float* w;
  float* c;
  int64_t c_stride;  // floats between rows; also the residual's
  bool accumulate, finish;
  const float* scale;     // null: 1
  const float* shift;     // null: 0
  const float* residual;  // null: 0
  float low, high;
};
void multiply_groups(const RowGroups& product);

}  // namespace tenon::cpu_blas::simd
