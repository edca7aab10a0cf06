#include "host/runtime/host_ops/node_check.h"

namespace tenon::host {
namespace {

std::string name_of(const Value* value) {
  return value == nullptr ? std::string() : concat(" ('", value->name, "')");
}

Status check_tensors(const std::string& what, const std::vector<Value*>& values) {
  for (size_t i = 0; i < values.size(); ++i)
    if (values[i] != nullptr && values[i]->type.kind != ValueType::Kind::kTensor)
      return error(TN_UNSUPPORTED, what, " ", i, name_of(values[i]), " is ", describe(values[i]->type),
                   ", expected a tensor: control flow over sequences and optionals is not supported; carry tensors, "
                   "joined by ConcatFromSequence inside the subgraph");
  return {};
}

}  // namespace

Status check_count(const char* what, size_t got, size_t expected, const char* why) {
  if (got == expected) return {};
  return error(TN_INVALID_MODEL, what, " has ", got, ", expected ", expected, ": ", why);
}

Status check_given(const Node& node, size_t from) {
  for (size_t i = from; i < node.inputs.size(); ++i)
    if (node.inputs[i] == nullptr)
      return error(TN_INVALID_MODEL, "input ", i, " is left out, expected a value: the subgraph has an input for it");
  return {};
}

Status check_only_tensors(const Node& node, const std::vector<Graph*>& bodies) {
  TENON_RETURN_IF_ERROR(check_tensors("input", node.inputs));
  TENON_RETURN_IF_ERROR(check_tensors("output", node.outputs));
  TENON_RETURN_IF_ERROR(check_tensors("value of an outer graph", node.implicit_inputs));
  for (const Graph* body : bodies) {
    TENON_RETURN_IF_ERROR(check_tensors(concat("subgraph '", body->name, "': input"), body->inputs));
    TENON_RETURN_IF_ERROR(check_tensors(concat("subgraph '", body->name, "': output"), body->outputs));
  }
  return {};
}

}  // namespace tenon::host
