// Concat: joins tensors along `axis` (1 where opset 1 leaves it out). All other dimensions are equal.
#include <tenon/sdk/geometry/join.hpp>
#include <tenon/sdk/kernel.hpp>

#include "movement/element_mover.h"

namespace tenon::cpu_ref {
namespace {

class Concat final : public sdk::Kernel {
 public:
  explicit Concat(const sdk::KernelInfo& info) : axis_(info.attr_int("axis")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView first = run.input(0);
    TN_ASSIGN_OR_RETURN(const int64_t axis, normalize_axis(axis_, first.rank()));
    sdk::Shape shape = to_shape(first.shape());
    for (uint32_t i = 1; i < run.input_count(); ++i) {
      const sdk::TensorView x = run.input(i);
      TN_RETURN_IF_ERROR(sdk::join_shape(&shape, x.shape(), size_t(axis), i));
    }
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, movable_output(run, 0, first.dtype(), shape));
    BoxLayout to{0, row_major_strides(shape)};
    for (uint32_t i = 0; i < run.input_count(); ++i) {
      const sdk::TensorView x = run.input(i);
      ElementMover mover(run, 0, y, x);
      TN_RETURN_IF_ERROR(copy_box(mover, x.shape(), to, {0, row_major_strides(x.shape())}));
      to.offset += x.dim(axis) * to.strides[size_t(axis)];
    }
    return {};
  }

 private:
  int64_t axis_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_concat(const sdk::KernelInfo& info) {
  return std::make_unique<Concat>(info);
}

}  // namespace tenon::cpu_ref
