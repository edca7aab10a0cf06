// Expand: broadcasts the input against `shape` both ways: a dimension of 1 on either side takes the other's.
#include <algorithm>
#include <tenon/sdk/kernel.hpp>

#include "movement/element_mover.h"

namespace tenon::cpu_ref {
namespace {

class Expand final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const sdk::Shape asked, read_ints(run.input(1), "shape"));
    const size_t rank = std::max(asked.size(), x.shape().size());
    const size_t missing = rank - x.shape().size();
    const sdk::Shape strides = row_major_strides(x.shape());
    sdk::Shape shape(rank, 1);
    BoxLayout from{0, sdk::Shape(rank, 0)};
    std::copy(asked.begin(), asked.end(), shape.end() - int64_t(asked.size()));
    for (size_t i = 0; i < x.shape().size(); ++i) {
      const int64_t size = x.shape()[i];
      int64_t& d = shape[missing + i];
      if (d == 1) d = size;
      if (size != 1 && size != d)
        return sdk::invalid_argument("data of shape ", sdk::shape_text(x.shape()), " cannot be broadcast to shape ",
                                     sdk::shape_text(asked), ": axis ", i, " has size ", size, ", expected 1 or ", d);
      if (size != 1) from.strides[missing + i] = strides[i];
    }
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
