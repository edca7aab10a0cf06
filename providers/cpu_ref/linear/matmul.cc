// MatMul: Y = A x B as numpy.matmul does it. A is [..., M, K] and B [..., K, N], the leading dimensions broadcast; a
// 1-D A is a row and a 1-D B a column whose extra dimension is dropped from Y. FusedMatMul: Y = alpha * A x B with the
// last two dimensions of an operand swapped by transA and transB, and before that its first dimension moved behind the
// batch dimensions by transBatchA and transBatchB, which do not matter to 1-D operands. Floating-point sums are kept in
// double, integers wrap around. Y must not be A or B.
#include <algorithm>

#include "broadcast.h"
#include "linear/matrix.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

/// How an operand is to be read; all false: as it lies.
struct OperandForm {
  bool transposes = false;        // the last two dimensions
  bool transposes_batch = false;  // before that, the first dimension moves behind those up to the next to last

  /// The matrices of an operand: element (r, c) of matrix i lies at i * step + r * row_stride + c * column_stride.
  struct Matrices {
    sdk::Shape batch;
    int64_t rows, columns, step, row_stride, column_stride;
  };
  /// `shape` has two dimensions at least.
  Matrices of(const sdk::Shape& shape) const {
    const size_t rank = shape.size();
    const bool moves = transposes_batch && rank > 2;
    Matrices m{};
    m.batch.assign(shape.begin() + (moves ? 1 : 0), shape.end() - (moves ? 1 : 2));
    m.rows = moves ? shape[0] : shape[rank - 2];
    m.columns = shape[rank - 1];
    // Without elements no stride is ever used, and their product might not fit.
    if (std::find(shape.begin(), shape.end(), 0) == shape.end()) {
      m.column_stride = 1;
      m.row_stride = m.columns;
      m.step = moves ? m.columns : m.rows * m.columns;
      if (moves)
        for (int64_t d : m.batch) m.row_stride *= d;
    }
    if (transposes) {
      std::swap(m.rows, m.columns);
      std::swap(m.row_stride, m.column_stride);
    }
    return m;
  }
};

class MatMulKernel final : public sdk::Kernel {
 public:
  MatMulKernel(float alpha, OperandForm a, OperandForm b) : alpha_(alpha), a_(a), b_(b) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView a = run.input(0), b = run.input(1);
    if (a.rank() == 0 || b.rank() == 0)
      return sdk::invalid_argument("A is ", sdk::shape_text(a.shape()), " and B is ", sdk::shape_text(b.shape()),
                                   ", expected at least one dimension each");
    const OperandForm::Matrices left = a.rank() == 1 ? OperandForm().of({1, a.dim(0)}) : a_.of(to_shape(a.shape()));
    const OperandForm::Matrices right = b.rank() == 1 ? OperandForm().of({b.dim(0), 1}) : b_.of(to_shape(b.shape()));
    const int64_t M = left.rows, K = left.columns, N = right.columns;
    if (K != right.rows)
      return sdk::invalid_argument("A is ", sdk::shape_text(a.shape()), a_.transposes ? " transposed" : "",
                                   " and B is ", sdk::shape_text(b.shape()), b_.transposes ? " transposed" : "",
                                   ": the columns of A (", K, ") must be as many as the rows of B (", right.rows, ")");
    const sdk::ShapeView batches[] = {left.batch, right.batch};
    TN_ASSIGN_OR_RETURN(const Broadcast batch, Broadcast::create(batches));
    sdk::Shape shape = to_shape(batch.shape());
    if (a.rank() > 1) shape.push_back(M);
    if (b.rank() > 1) shape.push_back(N);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, a.dtype(), shape));
    if (y.count() == 0) return {};
    return visit_numeric(a.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      TN_ASSIGN_OR_RETURN(Accumulator<T>* const sums, run.scratch<Accumulator<T>>(static_cast<size_t>(N)));
      batch.for_each_row([&](int64_t begin, int64_t n, const int64_t* at, const int64_t* step) {
        for (int64_t i = 0; i < n; ++i) {
          T* out = y.template data<T>() + (begin + i) * M * N;
          multiply_matrices<T>(
              {a.data<T>() + (at[0] + i * step[0]) * left.step, left.row_stride, left.column_stride},
              {b.data<T>() + (at[1] + i * step[1]) * right.step, right.row_stride, right.column_stride}, M, N, K, sums,
              [&](int64_t r, int64_t c, auto sum) { out[r * N + c] = scale<T>(sum); });
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
  OperandForm a_, b_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_matmul(const sdk::KernelInfo&) {
  return std::make_unique<MatMulKernel>(1.0f, OperandForm(), OperandForm());
}

sdk::Result<sdk::KernelPtr> make_fused_matmul(const sdk::KernelInfo& info) {
  const auto set = [&](const char* name) { return info.attr_int(name, 0) != 0; };
  return std::make_unique<MatMulKernel>(info.attr_float("alpha", 1), OperandForm{set("transA"), set("transBatchA")},
                                        OperandForm{set("transB"), set("transBatchB")});
}

}  // namespace tenon::cpu_ref
