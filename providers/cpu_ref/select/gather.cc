// Gather: output[o.., i.., n..] = data[o.., indices[i..], n..], where the indices count along `axis`; negative ones
// count from the end. An index outside the axis is an error.
#include <tenon/sdk/geometry/join.hpp>
#include <tenon/sdk/kernel.hpp>

#include "movement/element_mover.h"

namespace tenon::cpu_ref {
namespace {

class Gather final : public sdk::Kernel {
 public:
  explicit Gather(const sdk::KernelInfo& info) : axis_(info.attr_int("axis")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView data = run.input(0), indices = run.input(1);
    TN_ASSIGN_OR_RETURN(const int64_t axis, normalize_axis(axis_, data.rank()));
    const size_t a = size_t(axis);
    TN_ASSIGN_OR_RETURN(const sdk::Shape shape,
                        sdk::gathered_shape(to_shape(data.shape()), to_shape(indices.shape()), axis));
    TN_ASSIGN_OR_RETURN(const int64_t outer, product(data.shape(), 0, a));
    TN_ASSIGN_OR_RETURN(const int64_t inner, product(data.shape(), a + 1, data.shape().size()));
    sdk::Shape positions;
    for (int64_t i = 0; i < indices.count(); ++i) {
      TN_ASSIGN_OR_RETURN(const int64_t position, normalize_index(index_at(indices, i), data.dim(axis), axis));
      positions.push_back(position);
    }
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, movable_output(run, 0, data.dtype(), shape));
    run.count(TN_COUNT_BYTES, 2 * y.byte_length() + indices.byte_length());
    ElementMover mover(run, 0, y, data);
    if (inner == 0) return {};
    int64_t to = 0;
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t position : positions) {
        TN_RETURN_IF_ERROR(mover.copy(to, (o * data.dim(axis) + position) * inner, inner));
        to += inner;
      }
    return {};
  }

 private:
  int64_t axis_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_gather(const sdk::KernelInfo& info) {
  return std::make_unique<Gather>(info);
}

}  // namespace tenon::cpu_ref
