// Identity and, for inference, Dropout: Y = X. Y may be X, and then nothing is copied.
#include "common.h"

namespace tenon::cpu_blas {
namespace {

class Identity final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override { return copy_as(run, run.input(0), run.input(0).shape()); }
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_identity(const sdk::KernelInfo&) {
  return sdk::KernelPtr(std::make_unique<Identity>());
}

sdk::Result<sdk::KernelPtr> make_dropout(const sdk::KernelInfo& info) {
  const std::string node = describe(info);
  if (info.output(1) && info.output(1).use_count() != 0)
    return sdk::unsupported(node, ": output mask is read, which only cpu_ref computes");
  if (info.input(2)) {
    const sdk::TensorView training = info.input(2).info();
    if (!training.is_constant() || training.dtype() != TN_BOOL || training.raw() == nullptr || training.data<bool>()[0])
      return sdk::unsupported(node, ": training_mode is not the constant false: only inference is implemented");
  }
  return sdk::KernelPtr(std::make_unique<Identity>());
}

}  // namespace tenon::cpu_blas
