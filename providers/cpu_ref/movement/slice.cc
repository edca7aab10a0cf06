// Slice: along each of `axes`, the elements start, start + step ... before end. Negative bounds count from the end and
// all are clamped to the data, so that a slice may be empty. Bounds are attributes in opset 1 and inputs from opset 10,
// where steps, negative ones included, came; DynamicSlice of the first opsets is that without steps.
#include <tenon/sdk/geometry/slice.hpp>
#include <tenon/sdk/kernel.hpp>

#include "movement/element_mover.h"

namespace tenon::cpu_ref {
namespace {

struct Bounds {
  sdk::Shape starts, ends, axes, steps;
};

class Slice final : public sdk::Kernel {
 public:
  Slice(const sdk::KernelInfo& info, bool from_attributes) : from_attributes_(from_attributes) {
    bounds_.starts = info.attr_ints("starts");
    bounds_.ends = info.attr_ints("ends");
    bounds_.axes = info.attr_ints("axes");
    has_axes_ = info.has_ints("axes");
  }

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const Bounds bounds, complete_bounds(run, x));
    sdk::Shape shape = to_shape(x.shape());
    BoxLayout from{0, row_major_strides(shape)};
    for (size_t i = 0; i < bounds.axes.size(); ++i) {
      const size_t axis = size_t(bounds.axes[i]);
      const sdk::SliceAxis slice = sdk::slice_axis(shape[axis], bounds.starts[i], bounds.ends[i], bounds.steps[i]);
      shape[axis] = slice.count;
      from.offset += slice.start * from.strides[axis];
      from.strides[axis] *= slice.step;
    }
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, movable_output(run, 0, x.dtype(), shape));
    run.count(TN_COUNT_BYTES, 2 * y.byte_length());
    ElementMover mover(run, 0, y, x);
    return copy_box(mover, shape, {0, row_major_strides(shape)}, from);
  }

 private:
  sdk::Result<Bounds> complete_bounds(sdk::RunContext& run, const sdk::TensorView& x) const {
    Bounds b = bounds_;
    bool has_axes = has_axes_;
    if (!from_attributes_) {
      TN_ASSIGN_OR_RETURN(b.starts, read_ints(run.input(1), "starts"));
      TN_ASSIGN_OR_RETURN(b.ends, read_ints(run.input(2), "ends"));
      has_axes = run.has_input(3);
      if (has_axes) {
        TN_ASSIGN_OR_RETURN(b.axes, read_ints(run.input(3), "axes"));
      }
      if (run.has_input(4)) {
        TN_ASSIGN_OR_RETURN(b.steps, read_ints(run.input(4), "steps"));
      }
    }
    const size_t count = b.starts.size();
    if (!has_axes)
      for (size_t i = 0; i < count; ++i) b.axes.push_back(int64_t(i));
    if (from_attributes_ || !run.has_input(4)) b.steps.assign(count, 1);
    if (b.ends.size() != count || b.axes.size() != count || b.steps.size() != count)
      return sdk::invalid_argument("starts, ends, axes and steps have ", count, ", ", b.ends.size(), ", ",
                                   b.axes.size(), " and ", b.steps.size(), " values, expected as many of each");
    TN_ASSIGN_OR_RETURN(b.axes, normalize_axes(b.axes, x.rank()));
    for (size_t i = 0; i < count; ++i)
      if (b.steps[i] == 0) return sdk::invalid_argument("the step of axis ", b.axes[i], " is 0, expected another");
    return b;
  }

  bool from_attributes_;
  bool has_axes_;
  Bounds bounds_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_slice(const sdk::KernelInfo& info) {
  return std::make_unique<Slice>(info, info.since_version() < 10);
}

sdk::Result<sdk::KernelPtr> make_dynamic_slice(const sdk::KernelInfo& info) {
  return std::make_unique<Slice>(info, false);
}

}  // namespace tenon::cpu_ref
