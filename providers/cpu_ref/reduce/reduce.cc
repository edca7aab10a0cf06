// The axes and shapes of reductions.
#include "reduce/reduce.h"

#include <tenon/sdk/geometry/reduce.hpp>
#include <utility>

namespace tenon::cpu_ref {

ReductionPlan::ReductionPlan(sdk::ShapeView shape, std::vector<bool> is_reduced)
    : shape_(to_shape(shape)), is_reduced_(std::move(is_reduced)) {
  const sdk::Shape strides = row_major_strides(shape);
  for (size_t d = 0; d < shape.size(); ++d) {
    (is_reduced_[d] ? reduced_extents_ : kept_extents_).push_back(shape[d]);
    (is_reduced_[d] ? reduced_strides_ : kept_strides_).push_back(strides[d]);
  }
}

sdk::Shape ReductionPlan::shape(bool keeps_dims) const {
  return sdk::reduced_shape(shape_, is_reduced_, keeps_dims, int64_t{1});
}

ReduceForm::ReduceForm(const sdk::KernelInfo& info)
    : keeps_dims_(info.attr_int("keepdims") != 0),
      reduces_nothing_by_default_(info.attr_int("noop_with_empty_axes") != 0),
      axes_(info.attr_ints("axes")) {}

sdk::Result<ReductionPlan> ReduceForm::plan(sdk::RunContext& run) const {
  const sdk::TensorView x = run.input(0);
  sdk::Shape axes = axes_;
  if (run.has_input(1)) {
    TN_ASSIGN_OR_RETURN(axes, read_ints(run.input(1), "axes"));
  }
  TN_ASSIGN_OR_RETURN(std::vector<bool> reduced,
                      sdk::reduced_axes(axes, reduces_nothing_by_default_, x.shape().size()));
  return ReductionPlan(x.shape(), std::move(reduced));
}

}  // namespace tenon::cpu_ref
