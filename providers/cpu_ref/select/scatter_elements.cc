// ScatterElements, called Scatter before opset 11: a copy of the data in which output[indices[i, j, k], j, k] =
// updates[i, j, k] for axis 0, and so on for the others. With a reduction the update is combined with what is there, in
// the order of the updates; without one the last of several wins. Negative indices count from the end.
#include <tenon/sdk/kernel.hpp>

#include "select/element_index.h"
#include "select/scatter.h"

namespace tenon::cpu_ref {
namespace {

class ScatterElements final : public sdk::Kernel {
 public:
  ScatterElements(const sdk::KernelInfo& info, Reduction reduction)
      : reduction_(reduction), axis_(info.attr_int("axis")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView data = run.input(0), indices = run.input(1), updates = run.input(2);
    if (to_shape(updates.shape()) != to_shape(indices.shape()))
      return sdk::invalid_argument("input updates has shape ", sdk::shape_text(updates.shape()), ", expected ",
                                   sdk::shape_text(indices.shape()), ", that of the indices");
    TN_ASSIGN_OR_RETURN(const sdk::Shape positions, element_positions(data, indices, axis_));
    return scatter(run, reduction_, data, updates, positions, 1);
  }

 private:
  Reduction reduction_;
  int64_t axis_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_scatter_elements(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const Reduction reduction, reduction_of(info));
  return std::make_unique<ScatterElements>(info, reduction);
}

}  // namespace tenon::cpu_ref
