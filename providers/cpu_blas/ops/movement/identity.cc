// Identity and, for inference, Dropout: Y = X. Y may be X, and then nothing is copied. Dropout's mask says that every
// element was kept.
#include <algorithm>

#include "common.h"

namespace tenon::cpu_blas {
namespace {

class Identity final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override { return copy_as(run, run.input(0), run.input(0).shape()); }
};

class Dropout final : public sdk::Kernel {
 public:
  explicit Dropout(bool mask_is_float) : mask_is_float_(mask_is_float) {}
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (run.has_input(1) && run.input(1).count() != 1)
      return sdk::invalid_model("input ratio is ", sdk::shape_text(run.input(1).shape()), ", expected a scalar");
    TN_RETURN_IF_ERROR(copy_as(run, x, x.shape()));
    if (run.output_count() < 2 || !run.output_wanted(1)) return {};
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView mask, run.output(1, mask_is_float_ ? TN_FLOAT : TN_BOOL, x.shape()));
    if (mask_is_float_) {
      std::fill(mask.data<float>(), mask.data<float>() + mask.count(), 1.0f);
    } else {
      std::fill(mask.data<bool>(), mask.data<bool>() + mask.count(), true);
    }
    return {};
  }

 private:
  bool mask_is_float_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_identity(const sdk::KernelInfo&) {
  return sdk::KernelPtr(std::make_unique<Identity>());
}

sdk::Result<sdk::KernelPtr> make_dropout(const sdk::KernelInfo& info) {
  if (info.input(2)) {
    const auto training = info.input(2).data();
    if (!training || training->dtype() != TN_BOOL || training->count() != 1 || training->data<bool>()[0])
      return sdk::unsupported(describe(info), ": training_mode is not the constant false: only inference runs here");
  }
  return sdk::KernelPtr(std::make_unique<Dropout>(info.since_version() < 10));
}

}  // namespace tenon::cpu_blas
