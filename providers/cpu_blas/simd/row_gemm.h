// Products whose left-hand rows lie anywhere: the convolution of an image with its channels last, in which the row of
// an output pixel is, kernel position by kernel position, a run of the image. Compiled for several instruction sets and
// chosen at run time. Thread-safe.
#pragma once

#include <cstdint>

namespace tenon::cpu_blas::simd {

/// c[i, j] (+)= sum over taps t and k < depth of a[t * a_gap + i][a_offset + k] * panel[t * tap_gap + k * panel_stride
/// + j], i < rows, j < columns; with `finish` then c = min(max(c * scale[j] + shift[j] + residual[i, j], low), high),
/// NaN staying NaN. Each element is a sum in the order of t and k by fused multiply-adds where the CPU has them,
/// whatever `rows` and `columns`. Nothing past `columns` is written.
struct RowProduct {
  const float* const* a;
  int64_t a_gap;  // pointers from one tap to the next
  int64_t a_offset;
  int64_t taps, depth;
  int64_t rows, columns;  // columns: at most panel_width()
  const float* panel;     // columns past `columns` up to a whole vector are read and ignored
  int64_t panel_stride;   // floats between rows of the panel
  int64_t tap_gap;        // floats between taps of the panel
  float* c;
  int64_t c_stride;  // floats between rows
  bool accumulate;
  bool finish;
  const float* scale;       // null: 1
  const float* shift;       // null: 0
  const float* residual;    // null: 0
  int64_t residual_stride;  // floats between rows
  float low, high;
  const float* zeros;   // null, or a row of zeros: what all rows of a tile have there is left out
  const float* next;    // null, or floats that the next product reads of its panel and that lie far away
  int64_t next_floats;  //
};
void multiply_rows(const RowProduct& product);

}  // namespace tenon::cpu_blas::simd
