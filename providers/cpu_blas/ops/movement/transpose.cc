// Transpose: output dimension i is input dimension perm[i]; by default the order is reversed.
#include "strided_copy.h"

namespace tenon::cpu_blas {
namespace {

class Transpose final : public sdk::Kernel {
 public:
  explicit Transpose(const sdk::KernelInfo& info) : has_perm_(info.has_ints("perm")), perm_(info.attr_ints("perm")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    const size_t rank = static_cast<size_t>(x.rank());
    TN_ASSIGN_OR_RETURN(const std::vector<size_t> axes, sdk::permuted_axes(has_perm_ ? &perm_ : nullptr, rank));
    sdk::Shape shape(rank);
    std::vector<int64_t> steps(rank);
    for (size_t i = 0; i < rank; ++i) {
      shape[i] = x.shape()[axes[i]];
      steps[i] = extent(x.shape(), static_cast<int64_t>(axes[i]) + 1, x.rank());
    }
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, x.dtype(), shape));
    copy_strided_view(run, x.raw(), 0, steps, shape, element_size(x.dtype()), y.raw());
    return {};
  }

 private:
  bool has_perm_;
  std::vector<int64_t> perm_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_transpose(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<Transpose>(info));
}

}  // namespace tenon::cpu_blas
