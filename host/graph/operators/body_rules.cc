#include "host/graph/operators/body_rules.h"

#include <algorithm>

#include "host/graph/shape_rules/shape_context.h"

namespace tenon::host::body_rules {
namespace {

// The body of a Loop starts with the iteration number and the condition; its outputs with the condition.
constexpr size_t kLoopBodyLead = 2;

void suggest(Value& value, const ValueType& type) {
  if (value.type.dtype != TN_UNDEFINED || type.dtype == TN_UNDEFINED) return;
  value.type.kind = type.kind;
  value.type.dtype = type.dtype;
  value.type.held = type.held;
  value.type.key = type.key;
  if (!value.type.dims) value.type.dims = type.dims;
}

// What holds whichever of the two it is.
ValueType common_type(const ValueType& a, const ValueType& b) {
  ValueType type = a;
  type.dims.reset();
  type.is_proven = false;
  if (element_type(a) != element_type(b)) type.dtype = TN_UNDEFINED;
  if (!a.dims || !b.dims || a.dims->size() != b.dims->size()) return type;
  type.dims.emplace();
  for (size_t i = 0; i < a.dims->size(); ++i)
    type.dims->push_back(is_same((*a.dims)[i], (*b.dims)[i]) ? (*a.dims)[i] : unknown_dim());
  return type;
}

void prepare_loop(const Node& node, const std::vector<Graph*>& bodies) {
  if (bodies.size() != 1) return;
  const Graph& body = *bodies[0];
  for (size_t i = 0; i < body.inputs.size(); ++i) {
    if (i == 0) suggest(*body.inputs[i], {ValueType::Kind::kTensor, TN_INT64, std::vector<Dim>()});
    if (i == 1) suggest(*body.inputs[i], {ValueType::Kind::kTensor, TN_BOOL, std::vector<Dim>()});
    if (i < kLoopBodyLead || i >= node.inputs.size() || node.inputs[i] == nullptr) continue;
    // A carried value may change its shape from one iteration to the next.
    ValueType initial = node.inputs[i]->type;
    initial.dims.reset();
    suggest(*body.inputs[i], initial);
  }
}

void prepare_scan(const Node& node, const std::vector<Graph*>& bodies) {
  if (bodies.size() != 1) return;
  const Graph& body = *bodies[0];
  const size_t scanned = static_cast<size_t>(std::max<int64_t>(node.int_attribute("num_scan_inputs").value_or(0), 0));
  if (scanned > body.inputs.size() || body.inputs.size() != node.inputs.size()) return;
  for (size_t i = 0; i < body.inputs.size(); ++i) {
    if (node.inputs[i] == nullptr) continue;
    ValueType type = node.inputs[i]->type;
    if (i >= body.inputs.size() - scanned) type.dims.reset();
    suggest(*body.inputs[i], type);
  }
}

// Its body takes an element of each sequence, and other inputs whole.
void prepare_sequence_map(const Node& node, const std::vector<Graph*>& bodies) {
  if (bodies.size() != 1) return;
  const Graph& body = *bodies[0];
  for (size_t i = 0; i < std::min(body.inputs.size(), node.inputs.size()); ++i) {
    if (node.inputs[i] == nullptr) continue;
    const ValueType& type = node.inputs[i]->type;
    suggest(*body.inputs[i], {ValueType::Kind::kTensor, type.dtype, std::nullopt});
  }
}

std::vector<std::optional<ValueType>> sequence_map_types(const Node& node, const std::vector<Graph*>& bodies) {
  const Graph& body = *bodies[0];
  std::vector<std::optional<ValueType>> types(node.outputs.size());
  for (size_t i = 0; i < std::min(types.size(), body.outputs.size()); ++i)
    types[i] = ValueType{ValueType::Kind::kSequence, body.outputs[i]->type.dtype, std::nullopt};
  return types;
}

std::vector<std::optional<ValueType>> if_types(const Node& node, const std::vector<Graph*>& branches) {
  std::vector<std::optional<ValueType>> types(node.outputs.size());
  if (branches.size() != 2) return types;
  for (size_t i = 0; i < types.size(); ++i)
    if (i < branches[0]->outputs.size() && i < branches[1]->outputs.size())
      types[i] = common_type(branches[0]->outputs[i]->type, branches[1]->outputs[i]->type);
  return types;
}

// What a body computes, from its output `lead` on.
std::vector<std::optional<ValueType>> body_types(const Node& node, const Graph& body, size_t lead) {
  std::vector<std::optional<ValueType>> types(node.outputs.size());
  for (size_t i = 0; i < types.size(); ++i) {
    if (i + lead >= body.outputs.size()) break;
    types[i] = body.outputs[i + lead]->type;
  }
  return types;
}

// Carried outputs come first, of any shape, then those that collect one slice per iteration.
std::vector<std::optional<ValueType>> loop_types(const Node& node, const std::vector<Graph*>& bodies) {
  auto types = body_types(node, *bodies[0], 1);
  const size_t carried = node.inputs.size() > kLoopBodyLead ? node.inputs.size() - kLoopBodyLead : 0;
  for (size_t i = 0; i < types.size(); ++i) {
    if (!types[i] || !types[i]->dims) continue;
    if (i < carried) {
      types[i]->dims.reset();
    } else {
      types[i]->dims->insert(types[i]->dims->begin(), unknown_dim());
    }
  }
  return types;
}

std::vector<std::optional<ValueType>> scan_types(const Node& node, const std::vector<Graph*>& bodies) {
  auto types = body_types(node, *bodies[0], 0);
  for (auto& type : types)
    if (type) type->dims.reset();
  return types;
}

}  // namespace

const BodyRule conditional{nullptr, if_types};
const BodyRule loop{prepare_loop, loop_types};
const BodyRule scan{prepare_scan, scan_types};
const BodyRule sequence_map{prepare_sequence_map, sequence_map_types};

}  // namespace tenon::host::body_rules
