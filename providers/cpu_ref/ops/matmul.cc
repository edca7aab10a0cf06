// MatMul: Y = A x B as numpy.matmul does it. A is [..., M, K] and B [..., K, N], the leading dimensions broadcast; a
// 1-D A is a row and a 1-D B a column whose extra dimension is dropped from Y. Floating-point sums are kept in double,
// integers wrap around. Y must not be A or B.
#include "broadcast.h"
#include "matrix.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

class MatMul final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView a = run.input(0);
    const sdk::TensorView b = run.input(1);
    if (a.rank() == 0 || b.rank() == 0)
      return sdk::invalid_argument("A is ", sdk::shape_text(a.shape()), " and B is ", sdk::shape_text(b.shape()),
                                   ", expected at least one dimension each");
    const sdk::Shape left = a.rank() == 1 ? sdk::Shape{1, a.dim(0)} : to_shape(a.shape());
    const sdk::Shape right = b.rank() == 1 ? sdk::Shape{b.dim(0), 1} : to_shape(b.shape());
    const int64_t M = left[left.size() - 2], K = left.back(), N = right.back();
    if (K != right[right.size() - 2])
      return sdk::invalid_argument("A is ", sdk::shape_text(a.shape()), " and B is ", sdk::shape_text(b.shape()),
                                   ": the columns of A (", K, ") must be as many as the rows of B (",
                                   right[right.size() - 2], ")");
    const sdk::ShapeView batches[] = {sdk::ShapeView(left.data(), left.size() - 2),
                                      sdk::ShapeView(right.data(), right.size() - 2)};
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
          multiply_matrices<T>({a.data<T>() + (at[0] + i * step[0]) * M * K, K, 1},
                               {b.data<T>() + (at[1] + i * step[1]) * K * N, N, 1}, M, N, K, sums,
                               [&](int64_t r, int64_t c, auto sum) { out[r * N + c] = from_accumulator<T>(sum); });
        }
      });
      return {};
    });
  }
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_matmul(const sdk::KernelInfo&) {
  return std::make_unique<MatMul>();
}

}  // namespace tenon::cpu_ref
