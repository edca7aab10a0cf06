// QLinearMatMul: y = saturate(round(sum / y_scale) + y_zero_point), where sum is the matrix product of (a -
// a_zero_point) a_scale and (b - b_zero_point) b_scale, with the integers summed in int32, which wraps around. Scale
// and zero point are one for all, one per row of a or column of b, or so for each matrix. Rounds half to even. Scratch:
// that of multiply_integers.
#include <cmath>

#include "arithmetic.h"
#include "linear/integer_matrices.h"
#include "parameters.h"

namespace tenon::cpu_ref {
namespace {

constexpr uint32_t kA = 0, kAScale = 1, kAZero = 2, kB = 3, kBScale = 4, kBZero = 5, kYScale = 6, kYZero = 7;

using Bytes = TypeList<int8_t, uint8_t>;

class QLinearMatMul final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView a = run.input(kA), b = run.input(kB);
    TN_ASSIGN_OR_RETURN(const IntegerProduct product, resolve_product(a, "a", b, "b"));
    const tn_dtype result = run.input(kYZero).dtype();
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, result, product.shape));
    return visit_list(Bytes{}, a.dtype(), [&](auto a_tag) {
      return visit_list(Bytes{}, b.dtype(), [&](auto b_tag) {
        return visit_list(Bytes{}, result, [&](auto y_tag) {
          return multiply<decltype(a_tag), decltype(b_tag), decltype(y_tag)>(run, product, y);
        });
      });
    });
  }

 private:
  /// A scale of any floating-point type, held as doubles in `memory`.
  static sdk::Result<PerLine<double>> scales(const sdk::RunContext& run, uint32_t input, const Stack& s, Line line,
                                             const char* name, std::vector<double>* memory) {
    const sdk::TensorView t = run.input(input);
    TN_ASSIGN_OR_RETURN(*memory, read_doubles(t, t.count(), name));
    PerLine<double> found;
    TN_RETURN_IF_ERROR(visit_floats(t.dtype(), [&](auto tag) -> sdk::Status {
      TN_ASSIGN_OR_RETURN(const auto form, per_line<decltype(tag)>(run, input, s, line, name));
      found = {memory->data(), form.per_matrix, form.step};
      return {};
    }));
    return found;
  }

  template <typename A, typename B, typename Y>
  static sdk::Status multiply(sdk::RunContext& run, const IntegerProduct& product, const sdk::MutableTensorView& y) {
    std::vector<double> a_memory, b_memory;
    const Stack &sa = product.a, &sb = product.b;
    TN_ASSIGN_OR_RETURN(const auto a_scales, scales(run, kAScale, sa, Line::kRow, "a_scale", &a_memory));
    TN_ASSIGN_OR_RETURN(const auto b_scales, scales(run, kBScale, sb, Line::kColumn, "b_scale", &b_memory));
    TN_ASSIGN_OR_RETURN(const auto a_zeros, per_line<A>(run, kAZero, sa, Line::kRow, "a_zero_point"));
    TN_ASSIGN_OR_RETURN(const auto b_zeros, per_line<B>(run, kBZero, sb, Line::kColumn, "b_zero_point"));
    TN_ASSIGN_OR_RETURN(const std::vector<double> y_scale, read_doubles(run.input(kYScale), 1, "y_scale"));
    for (double& scale : a_memory) scale /= y_scale[0];
    if (run.input(kYZero).count() != 1)
      return sdk::invalid_argument("input y_zero_point has shape ", sdk::shape_text(run.input(kYZero).shape()),
                                   ", expected one number");
    const double y_zero = *run.input(kYZero).data<Y>();
    return multiply_integers(run, product, y.count(), run.input(kA).data<A>(), a_zeros, run.input(kB).data<B>(),
                             b_zeros, [&](int64_t i, const ProductPlace& at, int32_t sum) {
                               const double exact =
                                   double(sum) * a_scales.at(at.a_matrix, at.row) * b_scales.at(at.b_matrix, at.column);
                               y.data<Y>()[i] = truncate_to<Y>(round_half_even(exact) + y_zero);
                             });
  }
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_qlinear_mat_mul(const sdk::KernelInfo& info) {
  for (const uint32_t input : {kA, kB, kYZero})
    TN_RETURN_IF_ERROR(check_type(Bytes{}, info.input(input), "of a quantized matrix"));
  return std::make_unique<QLinearMatMul>();
}

}  // namespace tenon::cpu_ref
