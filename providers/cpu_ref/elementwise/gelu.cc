// Gelu: Y = X/2 * (1 + erf(X / sqrt 2)), or with approximate="tanh" X/2 * (1 + tanh(sqrt(2/pi) * (X + 0.044715 X^3))).
// BiasGelu and FastGelu: the first and the second of these of X + bias, the bias along the last axis; FastGelu's may be
// left out. Y may be X.
#include <cmath>

#include "elementwise/elementwise.h"

namespace tenon::cpu_ref {
namespace {

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

}  // namespace

sdk::Result<sdk::KernelPtr> make_gelu(const sdk::KernelInfo& info) {
  const std::string approximate = info.attr_string("approximate", "none");
  if (approximate == "tanh") {
    return make_unary<FloatTypes>([](auto x) {
      using T = decltype(x);
      return x / 2 * (1 + std::tanh(T(0.7978845608028654) * (x + T(0.044715) * x * x * x)));
    });
  }
  if (approximate != "none")
    return sdk::invalid_model("attribute approximate is '", approximate, "', expected 'none' or 'tanh'");
  return make_unary<FloatTypes>([](auto x) {
    using T = decltype(x);
    return x / 2 * (1 + std::erf(x * T(0.7071067811865476)));
  });
}

sdk::Result<sdk::KernelPtr> make_bias_gelu(const sdk::KernelInfo&) {
  return make_biased_unary([](double x) { return x / 2 * (1 + std::erf(x * 0.7071067811865476)); });
}

sdk::Result<sdk::KernelPtr> make_fast_gelu(const sdk::KernelInfo&) {
  return make_biased_unary(
      [](double x) { return x / 2 * (1 + std::tanh(0.7978845608028654 * (x + 0.044715 * x * x * x))); });
}

}  // namespace tenon::cpu_ref
