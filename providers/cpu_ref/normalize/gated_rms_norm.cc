// GatedRMSNorm: y = x / sqrt(mean of squares + epsilon) * scale * g, where g is z sigmoid(z) of the gate z, or its
// sigmoid alone. The mean is over as many neighbours along the last axis of X as scale has numbers. Computed in double;
// Y may be X.
#include <cmath>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

class GatedRmsNorm final : public sdk::Kernel {
 public:
  GatedRmsNorm(double epsilon, bool is_silu) : epsilon_(epsilon), is_silu_(is_silu) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), scale = run.input(1), gate = run.input(2);
    const int64_t size = scale.count();
    if (scale.rank() != 1 || size < 1)
      return sdk::invalid_argument("input scale has shape ", sdk::shape_text(scale.shape()),
                                   ", expected one dimension of at least 1");
    if (x.rank() < 1 || x.dim(x.rank() - 1) % size != 0)
      return sdk::invalid_argument("input X has shape ", sdk::shape_text(x.shape()), ", expected a multiple of the ",
                                   size, " numbers of scale along the last axis");
    if (to_shape(gate.shape()) != to_shape(x.shape()))
      return sdk::invalid_argument("input gate has shape ", sdk::shape_text(gate.shape()), ", expected ",
                                   sdk::shape_text(x.shape()), " as X");
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    return visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      run.parallel_for(x.count() / size, double(size) * 20, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end && !run.cancelled(); ++row)
          normalize(x.data<T>() + row * size, scale.data<T>(), gate.data<T>() + row * size, size,
                    y.data<T>() + row * size);
      });
      return {};
    });
  }

 private:
  template <typename T>
  void normalize(const T* x, const T* scale, const T* gate, int64_t size, T* y) const {
    double squares = 0;
    for (int64_t i = 0; i < size; ++i) squares += double(x[i]) * double(x[i]);
    const double inverse = 1 / std::sqrt(squares / double(size) + epsilon_);
    for (int64_t i = 0; i < size; ++i) {
      const double z = double(gate[i]), sigmoid = 1 / (1 + std::exp(-z));
      y[i] = from_double<T>(double(x[i]) * inverse * double(scale[i]) * (is_silu_ ? z * sigmoid : sigmoid));
    }
  }

  const double epsilon_;
  const bool is_silu_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_gated_rms_norm(const sdk::KernelInfo& info) {
  const std::string activation = info.attr_string("activation");
  if (activation != "silu" && activation != "swish" && activation != "sigmoid")
    return sdk::invalid_model("attribute activation is '", activation, "', expected silu, swish or sigmoid");
  return std::make_unique<GatedRmsNorm>(info.attr_float("epsilon"), activation != "sigmoid");
}

}  // namespace tenon::cpu_ref
