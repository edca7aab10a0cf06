// Gelu: Y = X/2 * (1 + erf(X / sqrt 2)), or with approximate="tanh" X/2 * (1 + tanh(sqrt(2/pi) * (X + 0.044715 X^3))).
// BiasGelu and FastGelu: the first and the second of these of X + bias, the bias along the last axis; FastGelu's may be
// left out. Y may be X.
#include <algorithm>
#include <cmath>

#include "elementwise/elementwise.h"
#include "elementwise/smooth.h"

namespace tenon::cpu_ref {
namespace {

// In double, of which T, a compute type, is what the result is rounded to.

template <typename T>
double gelu(double x) {
  return x / 2 * one_plus_erf_for<T>(x * 0.7071067811865476);
}

template <typename T>
double gelu_by_tanh(double x) {
  return x / 2 * (1 + tanh_for<T>(0.7978845608028654 * (x + 0.044715 * x * x * x)));
}

/// Y[..., i] = f(type, X[..., i] + bias[i]), in double. Y may be X.
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
      constexpr int64_t kBlock = 256;
      double values[kBlock];
      for (int64_t begin = 0, count; begin < x.count(); begin += count) {
        const int64_t column = begin % columns;
        count = std::min(kBlock, columns - column);
        const T* in = x.data<T>() + begin;
        T* out = y.template data<T>() + begin;
        for (int64_t i = 0; i < count; ++i) values[i] = double(in[i]);
        if (bias != nullptr)
          for (int64_t i = 0; i < count; ++i) values[i] += double(bias[column + i]);
        for (int64_t i = 0; i < count; ++i) out[i] = from_double<T>(f_(Compute<T>(), values[i]));
      }
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
  if (approximate == "tanh") return make_unary<FloatTypes>([](auto x) { return gelu_by_tanh<decltype(x)>(double(x)); });
  if (approximate != "none")
    return sdk::invalid_model("attribute approximate is '", approximate, "', expected 'none' or 'tanh'");
  return make_unary<FloatTypes>([](auto x) {
    using T = decltype(x);
    return x / 2 * (1 + std::erf(x * T(0.7071067811865476)));
  });
}

sdk::Result<sdk::KernelPtr> make_bias_gelu(const sdk::KernelInfo&) {
  return make_biased_unary([](auto tag, double x) { return gelu<decltype(tag)>(x); });
}

sdk::Result<sdk::KernelPtr> make_fast_gelu(const sdk::KernelInfo&) {
  return make_biased_unary([](auto tag, double x) { return gelu_by_tanh<decltype(tag)>(x); });
}

}  // namespace tenon::cpu_ref
