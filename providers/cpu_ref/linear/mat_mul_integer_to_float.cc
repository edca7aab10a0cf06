// MatMulIntegerToFloat: Y = sum a_scale b_scale + bias, where sum is the matrix product of A - a_zero_point and B -
// b_zero_point in int32, which wraps around. DynamicQuantizeMatMul: the same of A quantized to uint8 with a scale and a
// zero point that fit its range, 0 included, as DynamicQuantizeLinear does. Scale and zero point of B and the bias are
// one for all or one per column. Scratch: that of multiply_integers, and A quantized.
#include <cmath>

#include "arithmetic.h"
#include "linear/integer_matrices.h"

namespace tenon::cpu_ref {
namespace {

using Bytes = TypeList<int8_t, uint8_t>;

/// The left operand: bytes, with one scale and one zero point for all, or for each row.
template <typename A>
struct LeftOperand {
  const A* data;
  PerLine<A> zeros;
  PerLine<float> scales;
};

/// Which inputs the right operand and the bias are.
struct RightInputs {
  uint32_t b, scale, zero, bias;
};

template <typename A>
sdk::Status multiply_to_float(sdk::RunContext& run, const IntegerProduct& product, const LeftOperand<A>& a,
                              const RightInputs& right) {
  const Stack& sb = product.b;
  TN_ASSIGN_OR_RETURN(const auto scales, per_line<float>(run, right.scale, sb, Line::kColumn, "b_scale"));
  if (run.has_input(right.bias) && run.input(right.bias).rank() != 1)
    return sdk::invalid_argument("input bias has shape ", sdk::shape_text(run.input(right.bias).shape()), ", expected ",
                                 sb.columns, ", one number per column of B");
  TN_ASSIGN_OR_RETURN(const auto bias,
                      per_line<float>(run, right.bias, Stack{{}, 1, sb.columns}, Line::kColumn, "bias"));
  TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, product.shape));
  const sdk::TensorView b = run.input(right.b);
  return visit_list(Bytes{}, b.dtype(), [&](auto tag) -> sdk::Status {
    using B = decltype(tag);
    TN_ASSIGN_OR_RETURN(const auto zeros, per_line<B>(run, right.zero, sb, Line::kColumn, "b_zero_point"));
    return multiply_integers(run, product, y.count(), a.data, a.zeros, b.data<B>(), zeros,
                             [&](int64_t i, const ProductPlace& at, int32_t sum) {
                               const double scale =
                                   double(a.scales.at(at.a_matrix, at.row)) * double(scales.at(at.b_matrix, at.column));
                               y.data<float>()[i] = float(double(sum) * scale + double(bias.at(0, at.column)));
                             });
  });
}

class MatMulIntegerToFloat final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView a = run.input(0);
    TN_ASSIGN_OR_RETURN(const IntegerProduct product, resolve_product(a, "A", run.input(1), "B"));
    return visit_list(Bytes{}, a.dtype(), [&](auto tag) -> sdk::Status {
      using A = decltype(tag);
      const Stack& sa = product.a;
      TN_ASSIGN_OR_RETURN(const auto scales, per_line<float>(run, 2, sa, Line::kRow, "a_scale"));
      TN_ASSIGN_OR_RETURN(const auto zeros, per_line<A>(run, 4, sa, Line::kRow, "a_zero_point"));
      return multiply_to_float<A>(run, product, {a.data<A>(), zeros, scales}, {1, 3, 5, 6});
    });
  }
};

class DynamicQuantizeMatMul final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView a = run.input(0);
    TN_ASSIGN_OR_RETURN(const IntegerProduct product, resolve_product(a, "A", run.input(1), "B"));
    float least = 0, most = 0;
    const float* in = a.data<float>();
    for (int64_t i = 0; i < a.count(); ++i) least = std::min(least, in[i]), most = std::max(most, in[i]);
    constexpr float kSteps = 255;
    const float scale = most == least ? 1 : (most - least) / kSteps;
    const auto zero = truncate_to<uint8_t>(std::nearbyint(double(-least / scale)));
    TN_ASSIGN_OR_RETURN(uint8_t* const bytes, run.scratch<uint8_t>(size_t(a.count())));
    for (int64_t i = 0; i < a.count(); ++i)
      bytes[i] = truncate_to<uint8_t>(std::nearbyint(double(in[i] / scale)) + double(zero));
    return multiply_to_float<uint8_t>(run, product, {bytes, {&zero, 0, 0}, {&scale, 0, 0}}, {1, 2, 3, 4});
  }
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_mat_mul_integer_to_float(const sdk::KernelInfo&) {
  return std::make_unique<MatMulIntegerToFloat>();
}

sdk::Result<sdk::KernelPtr> make_dynamic_quantize_mat_mul(const sdk::KernelInfo&) {
  return std::make_unique<DynamicQuantizeMatMul>();
}

}  // namespace tenon::cpu_ref
