// ConstantOfShape: a tensor of the shape that the input lists, all of its elements equal to the one of the attribute
// `value`, which is the float 0 when left out.
#include <tenon/sdk/kernel.hpp>

#include "held_tensor.h"
#include "movement/element_mover.h"

namespace tenon::cpu_ref {
namespace {

class ConstantOfShape final : public sdk::Kernel {
 public:
  explicit ConstantOfShape(std::unique_ptr<HeldTensor> value) : value_(std::move(value)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    TN_ASSIGN_OR_RETURN(const sdk::Shape shape, read_ints(run.input(0), "input"));
    for (int64_t d : shape)
      if (d < 0) return sdk::invalid_argument("the shape asked for holds ", d, ", expected 0 or more");
    const sdk::TensorView value = value_->view();
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, movable_output(run, 0, value.dtype(), shape));
    return ElementMover(run, 0, y, value).copy(0, 1, 0, 0, y.count());
  }

 private:
  std::unique_ptr<HeldTensor> value_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_constant_of_shape(const sdk::KernelInfo& info) {
  const float zero = 0;
  sdk::TensorView value;
  if (!info.attr_tensor("value", &value))
    return std::make_unique<ConstantOfShape>(std::make_unique<HeldTensor>(TN_FLOAT, sdk::Shape{1}, &zero, sizeof zero));
  if (value.count() != 1) return sdk::invalid_model("attribute value has ", value.count(), " elements, expected 1");
  return std::make_unique<ConstantOfShape>(HeldTensor::copy_of(value));
}

}  // namespace tenon::cpu_ref
