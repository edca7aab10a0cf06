// Operands of the integer products as stacks of matrices, and the zero points and scales of their rows and columns.
#pragma once

#include <algorithm>
#include <tenon/sdk/kernel.hpp>

#include "shape_math.h"

namespace tenon::cpu_ref {

/// What belongs to row or column i of matrix number `matrix` of an operand: a zero point or a scale.
template <typename T>
struct PerLine {
  const T* values = nullptr;  // null: all are 0
  int64_t per_matrix = 0, step = 0;
  T at(int64_t matrix, int64_t i) const { return values ? values[matrix * per_matrix + i * step] : T(0); }
};

/// An operand as a stack of matrices.
struct Stack {
  sdk::Shape batch;
  int64_t rows, columns;
};

inline Stack stack_of(const sdk::TensorView& t, bool left) {
  if (t.rank() == 1) return left ? Stack{{}, 1, t.dim(0)} : Stack{{}, t.dim(0), 1};
  return Stack{sdk::Shape(t.shape().begin(), t.shape().end() - 2), t.dim(t.rank() - 2), t.dim(t.rank() - 1)};
}

/// The product's batch axes; an empty Result's status names the mismatch.
inline sdk::Result<sdk::Shape> broadcast_batch(const sdk::Shape& a, const sdk::Shape& b) {
  sdk::Shape out(std::max(a.size(), b.size()), 1);
  for (size_t i = 0; i < out.size(); ++i) {
    const int64_t da = i < a.size() ? a[a.size() - 1 - i] : 1, db = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (da != db && da != 1 && db != 1)
      return sdk::invalid_argument("batch axes ", sdk::shape_text(a), " of A and ", sdk::shape_text(b),
                                   " of B do not broadcast");
    out[out.size() - 1 - i] = da == 1 ? db : da;
  }
  return out;
}

/// Which matrix of `batch` goes with number `index` of the broadcast batch `out`.
inline int64_t source_matrix(const sdk::Shape& batch, const sdk::Shape& out, int64_t index) {
  int64_t matrix = 0, stride = 1;
  for (size_t i = 0; i < batch.size(); ++i) {
    const int64_t size = batch[batch.size() - 1 - i], full = out[out.size() - 1 - i];
    matrix += (size == 1 ? 0 : index % full) * stride;
    stride *= size;
    index /= full;
  }
  return matrix;
}

/// A scalar, one value for each of `lines` rows or columns, or so many for each matrix.
template <typename T>
sdk::Result<PerLine<T>> per_line(const sdk::RunContext& run, uint32_t input, const Stack& s, int64_t lines,
                                 const char* name) {
  if (!run.has_input(input)) return PerLine<T>{};
  const sdk::TensorView t = run.input(input);
  if (t.count() == 1) return PerLine<T>{t.data<T>(), 0, 0};
  if (t.rank() == 1 && t.dim(0) == lines) return PerLine<T>{t.data<T>(), 0, 1};
  TN_ASSIGN_OR_RETURN(const int64_t matrices, product(s.batch, 0, s.batch.size()));
  if (t.rank() == int64_t(s.batch.size()) + 2 && t.count() == matrices * lines)
    return PerLine<T>{t.data<T>(), lines, 1};
  return sdk::invalid_argument("input ", name, " has shape ", sdk::shape_text(t.shape()), ", expected a scalar or ",
                               lines, " values");
}

}  // namespace tenon::cpu_ref
