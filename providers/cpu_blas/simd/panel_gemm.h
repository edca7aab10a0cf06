// Products of a row-major matrix, read where it lies, with a panel: a few vectors' width of columns, packed row after
// row. It serves convolutions, whose columns are unfolded straight into panels and whose weights may not be copied:
// OpenBLAS would copy both operands once more in every call. Compiled for several instruction sets and chosen at run
// time. Thread-safe.
#pragma once

#include <cstdint>

namespace tenon::cpu_blas::simd {

/// Columns of a panel on this CPU: 4 vectors where there are 32 registers, else 2; at most kLargestPanel.
int64_t panel_width();
constexpr int64_t kLargestPanel = 4 * 64;

/// One product. c[i, j] (+)= sum over k of a[i, k] * panel[k, j], i < rows, j < columns <= panel_width(); with `finish`
/// then c = min(max(c * scale[i] + shift[i] + residual[i, j], low), high), NaN staying NaN.
struct PanelProduct {
  const float* a;
  int64_t a_stride;  // floats between rows
  int64_t rows, columns, depth;
  const float* panel;  // depth x panel_width(); columns past `columns` are read and ignored
  float* c;
  int64_t c_stride;  // floats between rows of c and of residual
  bool accumulate;
  bool finish;
  const float* scale;     // null: 1
  const float* shift;     // null: 0
  const float* residual;  // null: 0
  float low, high;
};
void multiply_panel(const PanelProduct& product);

/// A run of neighbours that unfold_channels() copies: to[target + i] = from[source + i * stride], or 0 where source is
/// negative.
struct Segment {
  int32_t source, target, count;
};

/// Applies the segments to each of `channels` planes: the plane c starts at from + c * plane and fills
/// to + c * block.
void unfold_channels(const Segment* segments, int64_t segment_count, const float* from, int64_t plane, int64_t stride,
                     int64_t channels, float* to, int64_t block);

}  // namespace tenon::cpu_blas::simd
