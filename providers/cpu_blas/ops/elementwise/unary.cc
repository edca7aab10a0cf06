// Relu, Sigmoid, Tanh, Erf, Exp, Sqrt, Gelu, HardSwish, Clip: Y = f(X), element by element. Y may be X; NaN stays NaN.
#include <limits>

#include "broadcast.h"

namespace tenon::cpu_blas {
namespace {

class UnaryKernel final : public sdk::Kernel {
 public:
  explicit UnaryKernel(simd::Activation f) : f_(f) {}
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, TN_FLOAT, x.shape()));
    parallel_unary(run, f_, x.data<float>(), y.data<float>(), x.count());
    return {};
  }

 private:
  simd::Activation f_;
};

/// Clip with its bounds as inputs 1 and 2.
class ClipByInput final : public sdk::Kernel {
 public:
  explicit ClipByInput(std::string node) : node_(std::move(node)) {}
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    constexpr float kMost = std::numeric_limits<float>::infinity();
    simd::Activation f{simd::Unary::kClip, -kMost, kMost};
    for (uint32_t i : {1u, 2u}) {
      if (!run.has_input(i)) continue;
      if (run.input(i).count() != 1)
        return sdk::invalid_model(node_, ": a bound has ", run.input(i).count(), " elements, expected a scalar");
      (i == 1 ? f.low : f.high) = run.input(i).data<float>()[0];
    }
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, TN_FLOAT, x.shape()));
    parallel_unary(run, f, x.data<float>(), y.data<float>(), x.count());
    return {};
  }

 private:
  std::string node_;
};

sdk::Result<sdk::KernelPtr> unary(simd::Unary f) {
  return sdk::KernelPtr(std::make_unique<UnaryKernel>(simd::Activation{f, 0, 0}));
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_relu(const sdk::KernelInfo&) {
  return unary(simd::Unary::kRelu);
}
sdk::Result<sdk::KernelPtr> make_sigmoid(const sdk::KernelInfo&) {
  return unary(simd::Unary::kSigmoid);
}
sdk::Result<sdk::KernelPtr> make_tanh(const sdk::KernelInfo&) {
  return unary(simd::Unary::kTanh);
}
sdk::Result<sdk::KernelPtr> make_erf(const sdk::KernelInfo&) {
  return unary(simd::Unary::kErf);
}
sdk::Result<sdk::KernelPtr> make_exp(const sdk::KernelInfo&) {
  return unary(simd::Unary::kExp);
}
sdk::Result<sdk::KernelPtr> make_sqrt(const sdk::KernelInfo&) {
  return unary(simd::Unary::kSqrt);
}

sdk::Result<sdk::KernelPtr> make_hard_swish(const sdk::KernelInfo&) {
  return unary(simd::Unary::kHardSwish);
}

sdk::Result<sdk::KernelPtr> make_gelu(const sdk::KernelInfo& info) {
  const std::string approximate = info.attr_string("approximate", "none");
  if (approximate == "none") return unary(simd::Unary::kGelu);
  if (approximate == "tanh") return unary(simd::Unary::kTanhGelu);
  return sdk::invalid_model(describe(info), ": attribute approximate is '", approximate,
                            "', expected 'none' or 'tanh'");
}

sdk::Result<sdk::KernelPtr> make_clip(const sdk::KernelInfo& info) {
  if (info.since_version() >= 11) return sdk::KernelPtr(std::make_unique<ClipByInput>(describe(info)));
  // Opset 6 has those of float by default, opset 1 none.
  constexpr float most = std::numeric_limits<float>::infinity();
  const simd::Activation f{simd::Unary::kClip, info.attr_float("min", -most), info.attr_float("max", most)};
  return sdk::KernelPtr(std::make_unique<UnaryKernel>(f));
}

}  // namespace tenon::cpu_blas
