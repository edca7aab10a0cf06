// The micro-kernels of all matrix products: a row-major matrix, read where it lies, times a panel, which is a few
// vectors' width of columns stored row after row. Convolutions unfold images into panels; MatMul and Gemm have constant
// right-hand matrices packed into them. Compiled for several instruction sets and chosen at run time. Thread-safe.
#pragma once

#include <cstdint>

namespace tenon::cpu_blas::simd {

/// Columns of a panel on this CPU: 4 vectors where there are 32 registers, else 2; at most kLargestPanel.
int64_t panel_width();
constexpr int64_t kLargestPanel = 4 * 64;
/// Floats of a vector on this CPU; panel_width() is a multiple.
int64_t vector_width();
/// Floats between rows of a panel of so many columns: those in whole vectors, of more than a panel has panel_width().
inline int64_t panel_stride(int64_t columns) {
  const int64_t lanes = vector_width(), padded = (columns + lanes - 1) / lanes * lanes;
  return padded < panel_width() ? padded : panel_width();
}
/// How many whole panels multiply_panel() takes at a time for a product of so many rows: one, or more where rows are so
/// few that the time is that of reading the panels, which several streams at once shorten.
int64_t panels_at_once(int64_t rows);
/// Rows that one micro-kernel computes at a time, at most.
constexpr int64_t kPanelRows = 6;

/// One product. c[i, j] (+)= sum over k of a(i, k) * panel[k, j], i < rows, j < columns; with `finish`
/// then c = min(max(c * alpha * scale[i] + shift[i] + column_shift[j] + residual[i, j], low), high), NaN staying NaN.
/// Each element is a sum in the order of k by fused multiply-adds where the CPU has them, whatever `rows` and
/// `columns`.
struct PanelProduct {
  const float* a;
  int64_t a_stride;              // floats between rows; 1 where A is transposed
  int64_t a_step;                // floats between the elements of a row; 1 where A is not transposed
  int64_t rows, columns, depth;  // columns: at most panel_width(), or those of panels_at_once(rows) panels
  const float* panel;            // depth rows; columns past `columns` up to a whole vector are read and ignored
  int64_t panel_stride;          // floats between rows of the panel
  int64_t panel_gap;             // floats between panels, where `columns` is panels_at_once(rows) * panel_width()
  float* c;
  int64_t c_stride;  // floats between rows
  bool accumulate;
  bool finish;
  float alpha;
  const float* scale;         // null: 1
  const float* shift;         // null: 0
  const float* column_shift;  // null: 0
  const float* residual;      // null: 0
  int64_t residual_stride;    // floats between rows
  float low, high;
  const float* next;   // null, or what the caller reads after this: it is fetched into the cache on the way
  int64_t next_count;  // floats of it
};
void multiply_panel(const PanelProduct& product);

/// c[j, i] = min(max(t[i, j] * scale[j] + shift[j] + residual[j, i], low), high), i < rows, j < columns, NaN staying
/// NaN: the end of a product whose rows are the columns of the result.
struct TransposedFinish {
  const float* t;
  int64_t t_stride;
  int64_t rows, columns;
  const float* scale;     // null: 1
  const float* shift;     // null: 0
  const float* residual;  // null: 0; strides are those of c
  float low, high;
  float* c;
  int64_t c_stride;  // floats between the columns of t
};
void finish_transposed(const TransposedFinish& finish);

/// Copies rows [0, depth) and columns [0, columns) of a matrix, b[k * row_step + j * column_step], to panel rows of
/// panel_stride floats; what lies past `columns` is zeroed.
void pack_panel(const float* b, int64_t row_step, int64_t column_step, int64_t depth, int64_t columns, float* panel,
                int64_t panel_stride);

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
