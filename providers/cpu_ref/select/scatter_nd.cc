// ScatterND: a copy of the data in which the slice at each tuple of indices, the last axis of that input, is replaced
// by the slice of the updates that goes with the tuple. With a reduction the two are combined, in the order of the
// updates; without one the last of several wins. Negative indices count from the end.
#include <tenon/sdk/kernel.hpp>

#include "select/element_index.h"
#include "select/scatter.h"

namespace tenon::cpu_ref {
namespace {

class ScatterNd final : public sdk::Kernel {
 public:
  explicit ScatterNd(Reduction reduction) : reduction_(reduction) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView data = run.input(0), indices = run.input(1), updates = run.input(2);
    TN_ASSIGN_OR_RETURN(const sdk::Shape positions, tuple_positions(data, indices, 0));
    const int64_t depth = indices.dim(indices.rank() - 1);
    sdk::Shape shape(indices.shape().begin(), indices.shape().end() - 1);
    shape.insert(shape.end(), data.shape().begin() + depth, data.shape().end());
    if (to_shape(updates.shape()) != shape)
      return sdk::invalid_argument("input updates has shape ", sdk::shape_text(updates.shape()), ", expected ",
                                   sdk::shape_text(shape), ": a slice of the data for each tuple of indices");
    TN_ASSIGN_OR_RETURN(const int64_t slice, product(data.shape(), size_t(depth), data.shape().size()));
    return scatter(run, reduction_, data, updates, positions, slice);
  }

 private:
  Reduction reduction_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_scatter_nd(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const Reduction reduction, reduction_of(info));
  return std::make_unique<ScatterNd>(reduction);
}

}  // namespace tenon::cpu_ref
