// MatMul: Y = A x B as numpy.matmul does it. A is [..., M, K] and B [..., K, N], the leading dimensions broadcast; a
// 1-D A is a row and a 1-D B a column whose extra dimension is dropped from Y. FusedMatMul: Y = alpha * A x B with the
// last two dimensions of an operand swapped by transA and transB, and before that its first dimension moved behind the
// batch dimensions by transBatchA and transBatchB, which do not matter to 1-D operands. Floating-point sums are kept in
// double, integers wrap around. Scratch: that of multiply_matrices. Y must not be A or B.
#include <tenon/sdk/geometry/matmul.hpp>

#include "broadcast.h"
#include "linear/matrix.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

/// The matrices of an operand: element (r, c) of matrix i lies at i * step + r * row_stride + c * column_stride.
struct Matrices {
  sdk::Shape batch;
  int64_t rows = 1, columns = 1, step = 0, row_stride = 0, column_stride = 0;

  Matrices(sdk::ShapeView shape, const sdk::MatrixDims& dims)
      : rows(sdk::MatrixDims::size(shape, dims.rows)), columns(sdk::MatrixDims::size(shape, dims.columns)) {
    const sdk::Shape strides = row_major_strides(shape);
    for (const size_t i : dims.batch) batch.push_back(shape[i]);
    if (!dims.batch.empty()) step = strides[dims.batch.back()];
    if (dims.rows != sdk::MatrixDims::kNone) row_stride = strides[dims.rows];
    if (dims.columns != sdk::MatrixDims::kNone) column_stride = strides[dims.columns];
  }
};

class MatMulKernel final : public sdk::Kernel {
 public:
  MatMulKernel(float alpha, sdk::OperandForm a, sdk::OperandForm b) : alpha_(alpha), a_(a), b_(b) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView a = run.input(0), b = run.input(1);
    TN_ASSIGN_OR_RETURN(const sdk::ProductDims dims, sdk::product_dims(a.shape(), a_, b.shape(), b_));
    const Matrices left(a.shape(), dims.a), right(b.shape(), dims.b);
    const int64_t M = left.rows, K = left.columns, N = right.columns;
    const sdk::ShapeView batches[] = {left.batch, right.batch};
    TN_ASSIGN_OR_RETURN(const Broadcast batch, Broadcast::create(batches));
    sdk::Shape shape = to_shape(batch.shape());
    if (a.rank() > 1) shape.push_back(M);
    if (b.rank() > 1) shape.push_back(N);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, a.dtype(), shape));
    if (y.count() == 0) return {};
    return visit_numeric(a.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      const auto matrix = [](const sdk::TensorView& t, const Matrices& of, int64_t i) {
        return MatrixView<T>{t.data<T>() + i * of.step, of.row_stride, of.column_stride};
      };
      TN_ASSIGN_OR_RETURN(const int64_t panel_size, product_scratch(matrix(b, right, 0), M, N, K));
      TN_ASSIGN_OR_RETURN(T* const panel, run.scratch<T>(static_cast<size_t>(panel_size)));
      batch.for_each_row([&](int64_t begin, int64_t n, const int64_t* at, const int64_t* step) {
        for (int64_t i = 0; i < n; ++i) {
          T* out = y.template data<T>() + (begin + i) * M * N;
          multiply_matrices<T>(run, matrix(a, left, at[0] + i * step[0]), matrix(b, right, at[1] + i * step[1]), M, N,
                               K, panel, [&](int64_t r, int64_t c, auto sum) { out[r * N + c] = scale<T>(sum); });
        }
      });
      return {};
    });
  }

 private:
  template <typename T>
  T scale(Accumulator<T> sum) const {
    if (alpha_ == 1) return from_accumulator<T>(sum);
    return from_double<T>(double(alpha_) * static_cast<double>(sum));
  }

  float alpha_;
  sdk::OperandForm a_, b_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_matmul(const sdk::KernelInfo&) {
  return std::make_unique<MatMulKernel>(1.0f, sdk::OperandForm(), sdk::OperandForm());
}

sdk::Result<sdk::KernelPtr> make_fused_matmul(const sdk::KernelInfo& info) {
  const auto set = [&](const char* name) { return info.attr_int(name) != 0; };
  return std::make_unique<MatMulKernel>(info.attr_float("alpha"), sdk::OperandForm{set("transA"), set("transBatchA")},
                                        sdk::OperandForm{set("transB"), set("transBatchB")});
}

}  // namespace tenon::cpu_ref
