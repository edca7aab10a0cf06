// Compress: the slices along `axis` (without one: the elements of the flattened input) for which the condition is true.
// A condition shorter than the axis counts as false for the rest.
#include <tenon/sdk/kernel.hpp>

#include "movement/element_mover.h"

namespace tenon::cpu_ref {
namespace {

class Compress final : public sdk::Kernel {
 public:
  explicit Compress(const sdk::KernelInfo& info) : has_axis_(info.has_int("axis")), axis_(info.attr_int("axis")) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), condition = run.input(1);
    if (condition.rank() != 1)
      return sdk::invalid_argument("input condition has shape ", sdk::shape_text(condition.shape()),
                                   ", expected a 1-D tensor");
    const sdk::Shape flat{x.count()};
    sdk::Shape shape = has_axis_ ? to_shape(x.shape()) : flat;
    TN_ASSIGN_OR_RETURN(const int64_t axis, normalize_axis(axis_, int64_t(shape.size())));
    const int64_t size = shape[size_t(axis)];
    sdk::Shape kept;
    for (int64_t i = 0; i < condition.count(); ++i) {
      // Read as a byte: a model may hold bools that are neither 0 nor 1.
      if (static_cast<const uint8_t*>(condition.raw())[i] == 0) continue;
      if (i >= size)
        return sdk::invalid_argument("input condition selects index ", i, ", but axis ", axis, " has size ", size);
      kept.push_back(i);
    }
    const sdk::Shape strides = row_major_strides(shape);
    shape[size_t(axis)] = int64_t(kept.size());
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, movable_output(run, 0, x.dtype(), shape));
    if (y.count() == 0) return {};
    ElementMover mover(run, 0, y, x);
    const int64_t inner = strides[size_t(axis)], outer = x.count() / (size * inner);
    int64_t to = 0;
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t i : kept) {
        TN_RETURN_IF_ERROR(mover.copy(to, (o * size + i) * inner, inner));
        to += inner;
      }
    return {};
  }

 private:
  bool has_axis_;
  int64_t axis_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_compress(const sdk::KernelInfo& info) {
  return std::make_unique<Compress>(info);
}

}  // namespace tenon::cpu_ref
