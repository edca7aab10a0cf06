// Expand: broadcasts the input against `shape` both ways: a dimension of 1 on either side takes the other's.
#include <tenon/sdk/geometry/pad.hpp>
#include <tenon/sdk/kernel.hpp>

#include "movement/element_mover.h"

namespace tenon::cpu_ref {
namespace {

class Expand final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const sdk::Shape asked, read_ints(run.input(1), "shape"));
    TN_ASSIGN_OR_RETURN(const sdk::Shape shape, sdk::expanded_shape(x.shape(), asked));
    const size_t missing = shape.size() - x.shape().size();
    const sdk::Shape strides = row_major_strides(x.shape());
    BoxLayout from{0, sdk::Shape(shape.size(), 0)};
    for (size_t i = 0; i < strides.size(); ++i)
      if (x.shape()[i] != 1) from.strides[missing + i] = strides[i];
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, movable_output(run, 0, x.dtype(), shape));
    ElementMover mover(run, 0, y, x);
    return copy_box(mover, shape, {0, row_major_strides(shape)}, from);
  }
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_expand(const sdk::KernelInfo&) {
  return std::make_unique<Expand>();
}

}  // namespace tenon::cpu_ref
