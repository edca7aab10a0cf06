// Transpose: axis i of the output is axis perm[i] of the input; without perm, the axes in reverse.
#include <tenon/sdk/kernel.hpp>

#include "movement/element_mover.h"

namespace tenon::cpu_ref {
namespace {

class Transpose final : public sdk::Kernel {
 public:
  explicit Transpose(const sdk::KernelInfo& info) : has_perm_(info.has_ints("perm")), perm_(info.attr_ints("perm")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const std::vector<size_t> axes,
                        sdk::permuted_axes(has_perm_ ? &perm_ : nullptr, x.shape().size()));
    const sdk::Shape strides = row_major_strides(x.shape());
    sdk::Shape shape;
    BoxLayout from;
    for (const size_t a : axes) {
      shape.push_back(x.shape()[a]);
      from.strides.push_back(strides[a]);
    }
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, movable_output(run, 0, x.dtype(), shape));
    ElementMover mover(run, 0, y, x);
    return copy_box(mover, shape, {0, row_major_strides(shape)}, from);
  }

 private:
  bool has_perm_;
  sdk::Shape perm_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_transpose(const sdk::KernelInfo& info) {
  return std::make_unique<Transpose>(info);
}

}  // namespace tenon::cpu_ref
