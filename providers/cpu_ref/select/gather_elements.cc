// GatherElements: output[i, j, k] = data[indices[i, j, k], j, k] for axis 0, and so on for the others. The output has
// the shape of the indices; negative ones count from the end.
#include <tenon/sdk/kernel.hpp>

#include "movement/element_mover.h"
#include "select/element_index.h"

namespace tenon::cpu_ref {
namespace {

class GatherElements final : public sdk::Kernel {
 public:
  explicit GatherElements(const sdk::KernelInfo& info) : axis_(info.attr_int("axis")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView data = run.input(0), indices = run.input(1);
    TN_ASSIGN_OR_RETURN(const sdk::Shape positions, element_positions(data, indices, axis_));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, movable_output(run, 0, data.dtype(), indices.shape()));
    run.count(TN_COUNT_BYTES, 2 * y.byte_length() + indices.byte_length());
    ElementMover mover(run, 0, y, data);
    return mover.gather(0, 0, positions.data(), int64_t(positions.size()));
  }

 private:
  int64_t axis_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_gather_elements(const sdk::KernelInfo& info) {
  return std::make_unique<GatherElements>(info);
}

}  // namespace tenon::cpu_ref
