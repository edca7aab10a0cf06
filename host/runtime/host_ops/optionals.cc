// Optional, OptionalHasElement, OptionalGetElement; and Identity of values that are no tensors. From opset 18 on a
// tensor or a sequence counts as an optional that holds it.
#include "host/runtime/host_ops/host_step.h"
#include "host/runtime/host_ops/operators.h"

namespace tenon::host {

using Kind = ValueType::Kind;

Status run_optional(HostStep& step) {
  if (step.has_input(0)) {
    TENON_ASSIGN_OR_RETURN(RunValue element, step.lasting_input(0));
    TENON_ASSIGN_OR_RETURN(RunValue optional, RunValue::optional(std::move(element)));
    return step.give(0, std::move(optional));
  }
  const Attribute* type = step.node().find_attribute("type");
  const auto* stated = type == nullptr ? nullptr : std::get_if<ValueType>(&type->payload);
  return step.give(0, RunValue::empty_optional(stated == nullptr ? ElementType() : element_type(*stated)));
}

Status run_optional_has_element(HostStep& step) {
  bool has_element = step.has_input(0);
  if (has_element && step.kind_of_input(0) == Kind::kOptional) has_element = !step.borrowed_input(0).elements().empty();
  TENON_ASSIGN_OR_RETURN(Tensor result, Tensor::allocate(TN_BOOL, {}, Residence::kRuntime));
  *static_cast<uint8_t*>(result.mutable_data()) = has_element ? 1 : 0;
  return step.give(0, std::move(result));
}

Status run_optional_get_element(HostStep& step) {
  if (!step.has_input(0)) return error(TN_INVALID_MODEL, "its input is left out");
  TENON_ASSIGN_OR_RETURN(RunValue value, step.lasting_input(0));
  if (value.kind() != Kind::kOptional) return step.give(0, std::move(value));
  if (value.elements().empty())
    return error(TN_INVALID_ARGUMENT, "the optional is empty: ask OptionalHasElement before, in an If");
  return step.give(0, value.elements()[0]);
}

Status run_identity(HostStep& step) {
  TENON_ASSIGN_OR_RETURN(RunValue value, step.lasting_input(0));
  return step.give(0, std::move(value));
}

}  // namespace tenon::host
