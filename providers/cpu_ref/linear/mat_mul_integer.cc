// MatMulInteger: the matrix product of A - a_zero_point and B - b_zero_point, 8-bit integers, summed in int32, which
// wraps around. Batch axes broadcast and 1-D operands count as a row and a column, as in MatMul. A zero point is a
// scalar, one per row of A or column of B, or one per row or column of each matrix, with the axis between them as 1.
// Scratch: that of multiply_integers.
#include "dispatch.h"
#include "linear/integer_matrices.h"

namespace tenon::cpu_ref {
namespace {

class MatMulInteger final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView a = run.input(0), b = run.input(1);
    TN_ASSIGN_OR_RETURN(const IntegerProduct product, resolve_product(a, "A", b, "B"));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_INT32, product.shape));
    return visit_types<int8_t, uint8_t>(a.dtype(), [&](auto a_tag) {
      return visit_types<int8_t, uint8_t>(
          b.dtype(), [&](auto b_tag) { return multiply<decltype(a_tag), decltype(b_tag)>(run, product, y); });
    });
  }

 private:
  template <typename A, typename B>
  static sdk::Status multiply(sdk::RunContext& run, const IntegerProduct& product, const sdk::MutableTensorView& y) {
    TN_ASSIGN_OR_RETURN(const auto a_zeros, per_line<A>(run, 2, product.a, Line::kRow, "a_zero_point"));
    TN_ASSIGN_OR_RETURN(const auto b_zeros, per_line<B>(run, 3, product.b, Line::kColumn, "b_zero_point"));
    if (y.count() == 0) return {};
    return multiply_integers(run, product, y.count(), run.input(0).data<A>(), a_zeros, run.input(1).data<B>(), b_zeros,
                             [&](int64_t i, const ProductPlace&, int32_t sum) { y.data<int32_t>()[i] = sum; });
  }
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_mat_mul_integer(const sdk::KernelInfo&) {
  return std::make_unique<MatMulInteger>();
}

}  // namespace tenon::cpu_ref
