#include "host/runtime/host_ops/node_check.h"

namespace tenon::host {
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

Status check_tensors(const std::string& what, std::span<Value* const> values, size_t first) {
  for (size_t i = 0; i < values.size(); ++i)
    if (values[i] != nullptr && values[i]->type.kind != ValueType::Kind::kTensor)
      return error(TN_INVALID_MODEL, what, " ", first + i, " ('", values[i]->name, "') is ", describe(values[i]->type),
                   ", expected a tensor");
  return {};
}

}  // namespace tenon::host
