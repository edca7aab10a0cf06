// Unsqueeze: inserts dimensions of 1, so that they are found at `axes` of the output's shape. The axes are an attribute
// before opset 13 and an input from then on. ExpandDims is the same with one axis, an input of any rank. The output may be
// the input.
#include <tenon/sdk/kernel.hpp>

#include "movement/element_mover.h"

namespace tenon::cpu_ref {
namespace {

class Unsqueeze final : public sdk::Kernel {
 public:
  explicit Unsqueeze(const sdk::KernelInfo& info)
      : is_expand_dims_(!info.domain().empty()),
        from_attribute_(!is_expand_dims_ && info.since_version() < 13),
        axes_(info.attr_ints("axes")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    sdk::Shape axes = axes_;
    if (is_expand_dims_) {
      if (run.input(1).count() != 1)
        return sdk::invalid_argument("input axis has shape ", sdk::shape_text(run.input(1).shape()),
                                     ", expected one element");
      axes = {index_at(run.input(1), 0)};
    } else if (!from_attribute_) {
      TN_ASSIGN_OR_RETURN(axes, read_ints(run.input(1), "axes"));
    }
    TN_ASSIGN_OR_RETURN(const std::vector<bool> inserted, sdk::inserted_axes(axes, x.shape().size()));
    sdk::Shape shape;
    int64_t next = 0;
    for (const bool is_new : inserted) shape.push_back(is_new ? 1 : x.dim(next++));
    return copy_reshaped(run, x, shape);
  }

 private:
  bool is_expand_dims_, from_attribute_;
  sdk::Shape axes_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_unsqueeze(const sdk::KernelInfo& info) {
  return std::make_unique<Unsqueeze>(info);
}

}  // namespace tenon::cpu_ref
