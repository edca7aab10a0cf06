// Relu: Y = max(X, 0), element by element; NaN stays NaN. Y may be X.
#include <tenon/sdk/kernel.hpp>

#include "dispatch.h"

namespace tenon::cpu_ref {
namespace {

class Relu final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    return visit_types<float, double, sdk::Float16, sdk::BFloat16, int8_t, int16_t, int32_t, int64_t>(
        x.dtype(), [&](auto tag) -> sdk::Status {
          using T = decltype(tag);
          const T* in = x.data<T>();
          T* out = y.data<T>();
          for (int64_t i = 0; i < x.count(); ++i) out[i] = Compute<T>(in[i]) < Compute<T>(0) ? T(Compute<T>(0)) : in[i];
          return {};
        });
  }
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_relu(const sdk::KernelInfo&) {
  return std::make_unique<Relu>();
}

}  // namespace tenon::cpu_ref
