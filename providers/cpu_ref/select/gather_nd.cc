// GatherND: each tuple of indices, the last axis of the input, takes a slice of the data: output[b.., i..] =
// data[b.., indices[b.., i..]]. The first batch_dims axes b go together. Negative indices count from the end.
#include <tenon/sdk/kernel.hpp>

#include "movement/element_mover.h"
#include "select/element_index.h"

namespace tenon::cpu_ref {
namespace {

class GatherNd final : public sdk::Kernel {
 public:
  explicit GatherNd(const sdk::KernelInfo& info) : batch_(info.attr_int("batch_dims")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView data = run.input(0), indices = run.input(1);
    TN_ASSIGN_OR_RETURN(const sdk::Shape positions, tuple_positions(data, indices, batch_));
    const int64_t depth = indices.dim(indices.rank() - 1);
    TN_ASSIGN_OR_RETURN(const sdk::Shape shape,
                        sdk::gathered_tuples_shape(to_shape(data.shape()), to_shape(indices.shape()), depth, batch_));
    TN_ASSIGN_OR_RETURN(const int64_t slice, product(data.shape(), size_t(batch_ + depth), data.shape().size()));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, movable_output(run, 0, data.dtype(), shape));
    run.count(TN_COUNT_BYTES, 2 * y.byte_length() + indices.byte_length());
    ElementMover mover(run, 0, y, data);
    for (size_t i = 0; i < positions.size(); ++i)
      TN_RETURN_IF_ERROR(mover.copy(int64_t(i) * slice, positions[i], slice));
    return {};
  }

 private:
  int64_t batch_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_gather_nd(const sdk::KernelInfo& info) {
  return std::make_unique<GatherNd>(info);
}

}  // namespace tenon::cpu_ref
