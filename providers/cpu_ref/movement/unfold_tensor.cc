// UnfoldTensor: every run of `size` elements along axis `dim` of the input that starts at a multiple of `step`: the axis
// becomes (length - size) / step + 1, the number of runs, and a last axis of `size` is added.
#include <tenon/sdk/kernel.hpp>

#include "movement/element_mover.h"

namespace tenon::cpu_ref {
namespace {

class UnfoldTensor final : public sdk::Kernel {
 public:
  explicit UnfoldTensor(const sdk::KernelInfo& info)
      : axis_(info.attr_int("dim")), size_(info.attr_int("size")), step_(info.attr_int("step")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const int64_t axis, normalize_axis(axis_, x.rank()));
    const int64_t length = x.dim(axis);
    if (size_ > length)
      return sdk::invalid_argument("axis ", axis, " of the input has ", length, " elements, expected ", size_,
                                   ", attribute size, or more");
    sdk::Shape shape = to_shape(x.shape()), strides = row_major_strides(x.shape());
    shape[size_t(axis)] = (length - size_) / step_ + 1;
    shape.push_back(size_);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, movable_output(run, 0, x.dtype(), shape));
    if (y.count() == 0) return {};
    ElementMover mover(run, 0, y, x);
    strides.push_back(strides[size_t(axis)]);
    // One run holds every element however long the step.
    strides[size_t(axis)] = shape[size_t(axis)] > 1 ? strides[size_t(axis)] * step_ : 0;
    return copy_box(mover, shape, {0, row_major_strides(shape)}, {0, std::move(strides)});
  }

 private:
  int64_t axis_, size_, step_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_unfold_tensor(const sdk::KernelInfo& info) {
  for (const char* name : {"size", "step"})
    if (info.attr_int(name) < 1)
      return sdk::invalid_model("attribute ", name, " is ", info.attr_int(name), ", expected 1 or more");
  return std::make_unique<UnfoldTensor>(info);
}

}  // namespace tenon::cpu_ref
