// Functions of an input and an optional bias along its last axis: BiasGelu and FastGelu.
#pragma once

#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"

namespace tenon::cpu_ref {

/// Y[..., i] = f(X[..., i] + bias[i]), in double. Y may be X.
template <typename F>
class BiasedUnary final : public sdk::Kernel {
 public:
  explicit BiasedUnary(F f) : f_(std::move(f)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    const int64_t columns = x.rank() == 0 ? 1 : x.dim(x.rank() - 1);
    const bool has_bias = run.has_input(1);
    if (has_bias && (run.input(1).rank() != 1 || run.input(1).dim(0) != columns))
      return sdk::invalid_argument("the bias has shape ", sdk::shape_text(run.input(1).shape()), ", expected ", columns,
                                   ", the last dimension of the first input");
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    return visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      const T* bias = has_bias ? run.input(1).data<T>() : nullptr;
      for (int64_t i = 0, count = x.count(); i < count; ++i)
        y.template data<T>()[i] = from_double<T>(f_(double(x.data<T>()[i]) + (bias ? double(bias[i % columns]) : 0.0)));
      return {};
    });
  }

 private:
  F f_;
};

template <typename F>
sdk::Result<sdk::KernelPtr> make_biased_unary(F f) {
  return std::make_unique<BiasedUnary<F>>(std::move(f));
}

}  // namespace tenon::cpu_ref
