// What Div and Mod of integers share: a divisor of 0 is an error that says where it is.
#pragma once

#include <tenon/sdk/kernel.hpp>

#include "dispatch.h"
#include "type_rules.h"

namespace tenon::cpu_ref {

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

inline sdk::Result<sdk::KernelPtr> with_divisor_check(sdk::Result<sdk::KernelPtr> kernel) {
  if (!kernel.is_ok()) return kernel;
  return sdk::KernelPtr(std::make_unique<DivisorCheck>(std::move(kernel.value())));
}

}  // namespace tenon::cpu_ref
