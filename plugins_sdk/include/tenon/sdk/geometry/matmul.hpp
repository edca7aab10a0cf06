// Products of matrices: which dimension of an operand is what. Host rules and providers read it here, so that they
// cannot disagree. Pure functions; sizes may be hostile, and -1 where they are not known.
#pragma once

#include <tenon/sdk/geometry/broadcast.hpp>
#include <tenon/sdk/span.hpp>
#include <tenon/sdk/status.hpp>
#include <tenon/sdk/tensor.hpp>
#include <utility>
#include <vector>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

/// How an operand of FusedMatMul and Gemm is to be read; all false: as it lies.
struct OperandForm {
  bool transposes = false;        // its last two dimensions
  bool transposes_batch = false;  // before that, its first dimension moves behind those up to the next to last
};

/// Positions in an operand's shape. A vector is a matrix of one row (left) or column (right), which has no position.
struct MatrixDims {
  static constexpr size_t kNone = static_cast<size_t>(-1);
  std::vector<size_t> batch;
  size_t rows = kNone;
  size_t columns = kNone;

  /// Of an operand of rank 2 or more, or of a vector, to which a form does not matter.
  static MatrixDims of(size_t rank, OperandForm form, bool is_left) {
    MatrixDims dims;
    if (rank < 2) {
      (is_left ? dims.columns : dims.rows) = 0;
      return dims;
    }
    const bool moves = form.transposes_batch && rank > 2;
    dims.rows = moves ? 0 : rank - 2;
    dims.columns = rank - 1;
    for (size_t i = moves ? 1 : 0; i < rank - (moves ? 1 : 2); ++i) dims.batch.push_back(i);
    if (form.transposes) std::swap(dims.rows, dims.columns);
    return dims;
  }

  static int64_t size(ShapeView shape, size_t position) { return position == kNone ? 1 : shape[position]; }
};

struct ProductDims {
  MatrixDims a, b;
};

/// Of A x B as numpy.matmul has it. The columns of A are the rows of B; leading dimensions broadcast, which is not
/// looked at here.
inline Result<ProductDims> product_dims(ShapeView a, OperandForm form_a, ShapeView b, OperandForm form_b) {
  if (a.empty() || b.empty())
    return invalid_model("A is ", shape_text(a), " and B is ", shape_text(b), ", expected at least one dimension each");
  ProductDims dims{MatrixDims::of(a.size(), form_a, true), MatrixDims::of(b.size(), form_b, false)};
  const int64_t k_of_a = a[dims.a.columns], k_of_b = b[dims.b.rows];
  if (k_of_a >= 0 && k_of_b >= 0 && k_of_a != k_of_b)
    return invalid_model("A is ", shape_text(a), form_a.transposes ? " transposed" : "", " and B is ", shape_text(b),
                         form_b.transposes ? " transposed" : "", ": the columns of A (", k_of_a,
                         ") must be as many as the rows of B (", k_of_b, ")");
  return dims;
}

/// The same for Gemm, whose operands are matrices.
inline Result<ProductDims> gemm_dims(ShapeView a, bool transposes_a, ShapeView b, bool transposes_b) {
  if (a.size() != 2 || b.size() != 2)
    return invalid_model("A is ", shape_text(a), " and B is ", shape_text(b), ", expected matrices");
  return product_dims(a, {transposes_a, false}, b, {transposes_b, false});
}

/// C of Gemm broadcasts to M x N, which it must not widen.
inline Status check_gemm_c(ShapeView c, int64_t m, int64_t n) {
  const int64_t shape[] = {m, n};
  bool fits = c.size() <= 2;
  for (size_t i = 0; fits && i < c.size(); ++i) {
    const int64_t from = c[c.size() - 1 - i], to = shape[1 - i];
    fits = from == 1 || from < 0 || to < 0 || from == to;
  }
  if (fits) return {};
  return invalid_model("input C has shape ", shape_text(c), ", which does not broadcast to ", shape_text(shape),
                       ": it is scalar, N, 1 x N, M x 1 or M x N");
}

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk
