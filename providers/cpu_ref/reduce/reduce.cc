// The axes and shapes of reductions.
#include "reduce/reduce.h"

namespace tenon::cpu_ref {

ReductionPlan::ReductionPlan(sdk::ShapeView shape, sdk::ShapeView axes)
    : shape_(to_shape(shape)), is_reduced_(shape.size(), false) {
  for (int64_t axis : axes) is_reduced_[static_cast<size_t>(axis)] = true;
  const sdk::Shape strides = row_major_strides(shape);
  for (size_t d = 0; d < shape.size(); ++d) {
    (is_reduced_[d] ? reduced_extents_ : kept_extents_).push_back(shape[d]);
    (is_reduced_[d] ? reduced_strides_ : kept_strides_).push_back(strides[d]);
  }
}

sdk::Shape ReductionPlan::shape(bool keeps_dims) const {
  sdk::Shape out;
  for (size_t d = 0; d < shape_.size(); ++d) {
    if (!is_reduced_[d]) {
      out.push_back(shape_[d]);
    } else if (keeps_dims) {
      out.push_back(1);
    }
  }
  return out;
}

ReduceForm::ReduceForm(const sdk::KernelInfo& info)
    : keeps_dims_(info.attr_int("keepdims", 1) != 0),
      reduces_nothing_by_default_(info.attr_int("noop_with_empty_axes", 0) != 0),
      axes_(info.attr_ints("axes")) {}

sdk::Result<ReductionPlan> ReduceForm::plan(sdk::RunContext& run) const {
  const sdk::TensorView x = run.input(0);
  sdk::Shape axes = axes_;
  if (run.has_input(1)) {
    TN_ASSIGN_OR_RETURN(axes, read_ints(run.input(1), "axes"));
  }
  if (axes.empty() && !reduces_nothing_by_default_)
    for (int64_t d = 0; d < x.rank(); ++d) axes.push_back(d);
  TN_ASSIGN_OR_RETURN(const sdk::Shape normalized, normalize_axes(axes, x.rank()));
  return ReductionPlan(x.shape(), normalized);
}

}  // namespace tenon::cpu_ref
