// Shrink: y = x + bias where x < -lambd, x - bias where x > lambd, 0 elsewhere. Computed in double; integers are
// rounded toward zero and kept within their range. Y may be X.
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"
#include "dispatch.h"

namespace tenon::cpu_ref {
namespace {

class Shrink final : public sdk::Kernel {
 public:
  explicit Shrink(const sdk::KernelInfo& info) : bias_(info.attr_float("bias")), lambd_(info.attr_float("lambd")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    return visit_numeric(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      for (int64_t i = 0; i < x.count(); ++i) {
        const double v = double(x.data<T>()[i]);
        y.data<T>()[i] = from_double<T>(v < -lambd_ ? v + bias_ : v > lambd_ ? v - bias_ : 0.0);
      }
      return {};
    });
  }

 private:
  double bias_, lambd_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_shrink(const sdk::KernelInfo& info) {
  return std::make_unique<Shrink>(info);
}

}  // namespace tenon::cpu_ref
