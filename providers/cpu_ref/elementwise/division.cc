// Div: C = A / B; integers truncate toward zero, and the smallest integer divided by -1 wraps around to itself.
// Mod: C = A - floor(A / B) * B, which has the sign of B, or with fmod=1 A - trunc(A / B) * B, which has the sign of A.
// Both broadcast; of integers a divisor of 0 is an error that says where it is. C may be A or B.
#include "elementwise/elementwise.h"

namespace tenon::cpu_ref {
namespace {

/// Runs `kernel` unless an element of input 1 that would divide an integer is 0. Floating point is IEEE 754's affair.
class DivisorCheck final : public sdk::Kernel {
 public:
  explicit DivisorCheck(sdk::KernelPtr kernel) : kernel_(std::move(kernel)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    if (run.input(0).count() > 0) TN_RETURN_IF_ERROR(check(run.input(1)));
    return kernel_->run(run);
  }

 private:
  static sdk::Status check(const sdk::TensorView& divisors) {
    return visit_numeric(divisors.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      if constexpr (std::is_integral_v<T>) {
        const T* values = divisors.data<T>();
        for (int64_t i = 0; i < divisors.count(); ++i)
          if (values[i] == 0)
            return sdk::invalid_argument("input B, ", sdk::shape_text(divisors.shape()), ", holds 0 at position ", i,
                                         ": an integer divided by 0 has no value");
      }
      return {};
    });
  }

  sdk::KernelPtr kernel_;
};

sdk::Result<sdk::KernelPtr> with_divisor_check(sdk::Result<sdk::KernelPtr> kernel) {
  if (!kernel.is_ok()) return kernel;
  return sdk::KernelPtr(std::make_unique<DivisorCheck>(std::move(kernel.value())));
}

template <typename T>
T truncated_remainder(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    return b == 0 ? T(0) : wrapping_subtract(a, wrapping_multiply(total_divide(a, b), b));
  } else {
    return std::fmod(a, b);
  }
}

template <typename T>
T floored_remainder(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    if (b == 0) return 0;
    const T r = truncated_remainder(a, b);
    return r != 0 && (r < 0) != (b < 0) ? wrapping_add(r, b) : r;
  } else {
    const T r = std::fmod(a, b);
    if (r == 0) return std::copysign(r, b);
    return (r < 0) != (b < 0) ? r + b : r;
  }
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_div(const sdk::KernelInfo& info) {
  return with_divisor_check(make_binary<NumericTypes>(info, [](auto a, auto b) { return total_divide(a, b); }));
}

sdk::Result<sdk::KernelPtr> make_mod(const sdk::KernelInfo& info) {
  const bool truncates = info.attr_int("fmod") != 0;
  const tn_dtype dtype = info.input(0).info().dtype();
  const bool is_floating = dtype == TN_FLOAT || dtype == TN_DOUBLE || dtype == TN_FLOAT16 || dtype == TN_BFLOAT16;
  if (!truncates && is_floating && info.since_version() < 28)
    return sdk::invalid_model("attribute fmod is 0, expected 1 for ", sdk::dtype_name(dtype),
                              ": before opset 28 only integers have floored remainders");
  if (truncates)
    return with_divisor_check(
        make_binary<NumericTypes>(info, [](auto a, auto b) { return truncated_remainder(a, b); }));
  return with_divisor_check(make_binary<NumericTypes>(info, [](auto a, auto b) { return floored_remainder(a, b); }));
}

}  // namespace tenon::cpu_ref
