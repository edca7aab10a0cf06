#include "host/graph/operators/node_traits.h"

#include <algorithm>

#include "host/graph/operators/facts.h"
#include "host/graph/schema.h"

namespace tenon::host {

bool is_random(const Node& node) {
  const OperatorFacts& facts = facts_of(node);
  return (node.schema != nullptr && node.schema->is_random) || facts.has(kRandom) || (facts.has(kRandomInTraining) && node.inputs.size() > 2 && node.inputs[2] != nullptr);
}

bool is_elementwise(const Node& node) {
  return facts_of(node).has(kElementwise);
}

bool is_commutative(const Node& node) {
  return facts_of(node).has(kCommutative);
}

bool is_constant_node(const Node& node) {
  return facts_of(node).has(kConstant);
}

bool tells_shape(const Node& node) {
  return facts_of(node).has(kTellsShape);
}

bool tells_count(const Node& node) {
  return facts_of(node).has(kTellsCount);
}

bool is_bounded_by_inputs(const Node& node) {
  return facts_of(node).has(kBoundedByInputs);
}

bool is_widening(const Node& node) {
  return facts_of(node).has(kWidens);
}

bool has_only_tensors(const Node& node) {
  const auto is_tensor = [](const Value* v) { return v == nullptr || v->type.kind == ValueType::Kind::kTensor; };
  return std::all_of(node.inputs.begin(), node.inputs.end(), is_tensor) &&
         std::all_of(node.outputs.begin(), node.outputs.end(), is_tensor);
}

}  // namespace tenon::host
