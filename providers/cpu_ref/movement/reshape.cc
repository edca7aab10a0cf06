// Reshape: the same elements under another shape. A 0 in the shape keeps the input's dimension (unless allowzero is
// set), one -1 takes what the others leave. The shape is an attribute in opset 1 and an input from opset 5. The output
// may be the input.
#include <tenon/sdk/geometry/reshape.hpp>
#include <tenon/sdk/kernel.hpp>

#include "movement/element_mover.h"

namespace tenon::cpu_ref {
namespace {

class Reshape final : public sdk::Kernel {
 public:
  explicit Reshape(const sdk::KernelInfo& info)
      : from_attribute_(info.since_version() < 5),
        shape_(info.attr_ints("shape")),
        allow_zero_(info.attr_int("allowzero") != 0) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView data = run.input(0);
    sdk::Shape shape = shape_;
    if (!from_attribute_) {
      TN_ASSIGN_OR_RETURN(shape, read_ints(run.input(1), "shape"));
    }
    TN_ASSIGN_OR_RETURN(shape, sdk::reshaped(data.shape(), std::move(shape), allow_zero_));
    return copy_reshaped(run, data, shape);
  }

 private:
  bool from_attribute_;
  sdk::Shape shape_;
  bool allow_zero_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_reshape(const sdk::KernelInfo& info) {
  if (info.since_version() < 5 && !info.has_ints("shape"))
    return sdk::invalid_model("attribute shape is missing, expected the shape of the output");
  return std::make_unique<Reshape>(info);
}

}  // namespace tenon::cpu_ref
