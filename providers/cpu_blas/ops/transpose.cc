// Transpose: output dimension i is input dimension perm[i]; by default the order is reversed.
#include <numeric>

#include "strided_copy.h"

namespace tenon::cpu_blas {
namespace {

class Transpose final : public sdk::Kernel {
 public:
  explicit Transpose(const sdk::KernelInfo& info)
      : node_(describe(info)), has_perm_(info.has_ints("perm")), perm_(info.attr_ints("perm")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    const size_t rank = static_cast<size_t>(x.rank());
    std::vector<int64_t> perm = perm_;
    if (!has_perm_) {
      perm.resize(rank);
      std::iota(perm.rbegin(), perm.rend(), 0);
    }
    std::vector<bool> seen(rank, false);
    bool is_permutation = perm.size() == rank;
    for (size_t i = 0; is_permutation && i < rank; ++i) {
      is_permutation = perm[i] >= 0 && perm[i] < x.rank() && !seen[static_cast<size_t>(perm[i])];
      if (is_permutation) seen[static_cast<size_t>(perm[i])] = true;
    }
    if (!is_permutation)
      return sdk::invalid_model(node_, ": perm is no permutation of the ", rank, " dimensions of the input");
    sdk::Shape shape(rank);
    std::vector<int64_t> steps(rank);
    for (size_t i = 0; i < rank; ++i) {
      shape[i] = x.dim(perm[i]);
      steps[i] = extent(x.shape(), perm[i] + 1, x.rank());
    }
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, x.dtype(), shape));
    copy_strided_view(run, x.raw(), 0, steps, shape, element_size(x.dtype()), y.raw());
    return {};
  }

 private:
  std::string node_;
  bool has_perm_;
  std::vector<int64_t> perm_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_transpose(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<Transpose>(info));
}

}  // namespace tenon::cpu_blas
