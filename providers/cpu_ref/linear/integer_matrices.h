// Operands of the integer products as stacks of matrices, and the zero points and scales of their rows and columns.
#pragma once

#include <algorithm>
#include <tenon/sdk/kernel.hpp>

#include "linear/dot.h"
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

enum class Line { kRow, kColumn };

/// A scalar, one value for each row or column of an operand, or so many for each of its matrices, in a tensor that has
/// the axis across them as 1.
template <typename T>
sdk::Result<PerLine<T>> per_line(const sdk::RunContext& run, uint32_t input, const Stack& s, Line line,
                                 const char* name) {
  if (!run.has_input(input)) return PerLine<T>{};
  const sdk::TensorView t = run.input(input);
  const int64_t lines = line == Line::kRow ? s.rows : s.columns;
  if (t.count() == 1) return PerLine<T>{t.data<T>(), 0, 0};
  if (t.rank() == 1 && t.dim(0) == lines) return PerLine<T>{t.data<T>(), 0, 1};
  sdk::Shape of_each = s.batch;
  of_each.push_back(line == Line::kRow ? lines : 1);
  of_each.push_back(line == Line::kRow ? 1 : lines);
  if (to_shape(t.shape()) == of_each) return PerLine<T>{t.data<T>(), lines, 1};
  return sdk::invalid_argument("input ", name, " has shape ", sdk::shape_text(t.shape()), ", expected a scalar or ",
                               lines, " values, or shape ", sdk::shape_text(of_each));
}

/// The operands of a product, and the shape of its result.
struct IntegerProduct {
  Stack a, b;
  sdk::Shape batch, shape;
};

/// Batch axes broadcast and 1-D operands count as a row and a column, as in MatMul. `a_name`, `b_name`: the operator's.
inline sdk::Result<IntegerProduct> resolve_product(const sdk::TensorView& a, std::string_view a_name,
                                                   const sdk::TensorView& b, std::string_view b_name) {
  if (a.rank() < 1 || b.rank() < 1)
    return sdk::invalid_argument(a_name, " or ", b_name, " is a scalar, expected rank 1 or more");
  IntegerProduct product{stack_of(a, true), stack_of(b, false), {}, {}};
  if (product.a.columns != product.b.rows)
    return sdk::invalid_argument(a_name, " has shape ", sdk::shape_text(a.shape()), " and ", b_name, " ",
                                 sdk::shape_text(b.shape()), ": expected as many columns in ", a_name, " as rows in ",
                                 b_name);
  TN_ASSIGN_OR_RETURN(product.batch, broadcast_batch(product.a.batch, product.b.batch));
  product.shape = product.batch;
  if (a.rank() > 1) product.shape.push_back(product.a.rows);
  if (b.rank() > 1) product.shape.push_back(product.b.columns);
  return product;
}

/// Where an element of a product comes from: row and column, and the matrix of each operand.
struct ProductPlace {
  int64_t row, column, a_matrix, b_matrix;
};

/// Calls store(i, place, sum) for each of the product's `count` elements, where sum is that of (a - a_zero)
/// (b - b_zero) in int32, which wraps around. Spread over the host's pool; stops early when the run is cancelled.
/// Scratch: A without its zero points in 16 bits, and so of B kIntegerColumns columns for each thread.
template <typename A, typename B, typename Store>
sdk::Status multiply_integers(sdk::RunContext& run, const IntegerProduct& product, int64_t count, const A* a,
                              const PerLine<A>& a_zeros, const B* b, const PerLine<B>& b_zeros, Store&& store) {
  if (count == 0) return {};
  run.count_products(count, 1, product.a.columns);
  constexpr int64_t kIntegerColumns = 16;
  const int64_t rows = product.a.rows, depth = product.a.columns, columns = product.b.columns;
  const int64_t matrices = count / rows / columns, panels = (columns + kIntegerColumns - 1) / kIntegerColumns;
  TN_ASSIGN_OR_RETURN(const int64_t panel_size, multiply(depth, std::min(columns, kIntegerColumns)));
  TN_ASSIGN_OR_RETURN(int16_t* const right, run.scratch<int16_t>(size_t(run.max_workers()) * size_t(panel_size)));
  TN_ASSIGN_OR_RETURN(int16_t* const left, run.scratch<int16_t>(size_t(rows) * size_t(depth)));
  for (int64_t matrix = 0; matrix < matrices && !run.cancelled(); ++matrix) {
    const int64_t ma = source_matrix(product.a.batch, product.batch, matrix);
    const int64_t mb = source_matrix(product.b.batch, product.batch, matrix);
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t k = 0; k < depth; ++k)
        left[row * depth + k] = int16_t(int32_t(a[(ma * rows + row) * depth + k]) - int32_t(a_zeros.at(ma, row)));
    const double cost = double(rows) * double(panel_size) / 4;
    run.parallel_for(panels, cost, [&](uint32_t worker, int64_t begin, int64_t end) {
      int16_t* const panel = right + int64_t(worker) * panel_size;
      for (int64_t p = begin; p < end && !run.cancelled(); ++p) {
        const int64_t first = p * kIntegerColumns, width = std::min(kIntegerColumns, columns - first);
        for (int64_t k = 0; k < depth; ++k)
          for (int64_t c = 0; c < width; ++c)
            panel[c * depth + k] =
                int16_t(int32_t(b[(mb * depth + k) * columns + first + c]) - int32_t(b_zeros.at(mb, first + c)));
        for (int64_t row = 0; row < rows; ++row)
          dot_short_rows(left + row * depth, panel, depth, width, [&](int64_t c, uint32_t sum) {
            store((matrix * rows + row) * columns + first + c, ProductPlace{row, first + c, ma, mb}, int32_t(sum));
          });
      }
    });
  }
  return {};
}

}  // namespace tenon::cpu_ref
