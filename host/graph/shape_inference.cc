#include "host/graph/shape_inference.h"

#include <algorithm>

#include "host/base/checked.h"
#include "host/base/log.h"
#include "host/graph/operators/facts.h"
#include "host/graph/schema.h"
#include "host/graph/schemas/output_hook.h"
#include "host/graph/shape_rules/shape_context.h"
#include "host/graph/type_inference.h"

namespace tenon::host {
namespace {

// An output's formal name when the schema has one, else its number.
std::string output_name(const Node& node, size_t i) {
  const FormalParameter* formal = node.schema ? formal_parameter(node.schema->outputs, i) : nullptr;
  return formal ? std::string(formal->name) : std::to_string(i);
}

void set_type(ValueType& type, const ElementType& known) {
  type.kind = known.kind;
  type.dtype = known.dtype;
  type.held = known.held;
  type.key = known.key;
}

Status merge_type(const Node& node, size_t i, const ElementType& inferred) {
  ValueType& known = node.outputs[i]->type;
  if (known.dtype == TN_UNDEFINED) {
    set_type(known, inferred);
    return {};
  }
  if (element_type(known) == inferred) return {};
  return error(TN_INVALID_MODEL, describe(node), ": output ", output_name(node, i), " is declared ",
               describe(element_type(known)), ", but the operator computes ", describe(inferred),
               ": correct the declaration of '", node.outputs[i]->name, "'");
}

// The more specific of each two dimensions; nothing when the shapes contradict each other.
std::optional<Dims> merge_dims(const Dims& known, const Dims& inferred) {
  if (known.size() != inferred.size()) return std::nullopt;
  Dims merged;
  for (size_t d = 0; d < inferred.size(); ++d) {
    const auto dim = merge(inferred[d], known[d]);
    if (!dim) return std::nullopt;
    merged.push_back(*dim);
  }
  return merged;
}

Status merge_shape(const Node& node, size_t i, const Dims& inferred) {
  if (inferred.size() > kMaxRank)
    return error(TN_INVALID_MODEL, describe(node), ": output ", output_name(node, i), " has ", inferred.size(),
                 " dimensions, expected at most ", kMaxRank, ": correct the shapes it comes from");
  std::vector<int64_t> sizes;
  for (const Dim& d : inferred)
    if (d.value >= 0) sizes.push_back(d.value);
  if (!checked_element_count(sizes).is_valid())
    return error(TN_INVALID_MODEL, describe(node), ": output ", output_name(node, i), " has shape ", describe(inferred),
                 ", whose elements do not count in 64 bits: correct the shapes it comes from");
  std::optional<Dims>& known = node.outputs[i]->type.dims;
  std::optional<Dims> merged = known ? merge_dims(*known, inferred) : inferred;
  if (!merged) note_overruled(node, *node.outputs[i], inferred);
  known = merged ? std::move(*merged) : inferred;
  return {};
}

bool is_proven(const Value* input) {
  return input == nullptr || input->is_constant() || input->type.is_proven;
}

// Whether a declaration has added no number to what was inferred.
bool says_as_much(const Dims& inferred, const Dims& used) {
  return std::equal(inferred.begin(), inferred.end(), used.begin(), used.end(),
                    [](const Dim& a, const Dim& b) { return a.value == b.value; });
}

Status take_shape(Node& node, size_t i, const Dims& inferred) {
  TENON_RETURN_IF_ERROR(merge_shape(node, i, inferred));
  const bool inputs_proven = std::all_of(node.inputs.begin(), node.inputs.end(), is_proven);
  node.outputs[i]->type.is_proven = inputs_proven && says_as_much(inferred, *node.outputs[i]->type.dims);
  return {};
}

Status take_from_hook(Node& node) {
  TENON_ASSIGN_OR_RETURN(const auto outputs, node.schema->hook->infer(node));
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] == nullptr) continue;
    if (outputs[i].type) {
      TENON_RETURN_IF_ERROR(check_output_type(node, i, *outputs[i].type));
      TENON_RETURN_IF_ERROR(merge_type(node, i, *outputs[i].type));
    }
    if (outputs[i].dims) TENON_RETURN_IF_ERROR(take_shape(node, i, *outputs[i].dims));
  }
  return {};
}

Status infer_by_schema(Node& node) {
  for (Value* output : node.outputs)
    if (output != nullptr) output->type.is_proven = false;
  if (node.schema == nullptr) return {};
  TENON_ASSIGN_OR_RETURN(const auto types, infer_types(node));
  for (size_t i = 0; i < types.size(); ++i)
    if (types[i]) TENON_RETURN_IF_ERROR(merge_type(node, i, *types[i]));
  if (node.schema->hook != nullptr) return take_from_hook(node);
  const ShapeRule rule = facts_of(*node.schema).shape;
  if (rule == nullptr) return {};
  ShapeContext context(node);
  TENON_RETURN_IF_ERROR(rule(context));
  for (size_t i = 0; i < node.outputs.size(); ++i)
    if (const auto& dims = context.inferred(i)) TENON_RETURN_IF_ERROR(take_shape(node, i, *dims));
  return {};
}

Status infer_subgraphs(Node& node) {
  const std::vector<Graph*> bodies = subgraphs(node);
  const BodyRule* rule = facts_of(node).bodies;
  if (rule != nullptr && rule->prepare != nullptr) rule->prepare(node, bodies);
  for (Graph* graph : bodies) TENON_RETURN_IF_ERROR(infer_graph(*graph));
  if (rule == nullptr || bodies.empty()) return {};
  const auto types = rule->types(node, bodies);
  for (size_t i = 0; i < types.size(); ++i) {
    if (node.outputs[i] == nullptr || !types[i]) continue;
    if (types[i]->dtype != TN_UNDEFINED) TENON_RETURN_IF_ERROR(merge_type(node, i, element_type(*types[i])));
    if (!types[i]->dims) continue;
    TENON_RETURN_IF_ERROR(merge_shape(node, i, *types[i]->dims));
    ValueType& type = node.outputs[i]->type;
    type.is_proven = types[i]->is_proven && says_as_much(*types[i]->dims, *type.dims);
  }
  return {};
}

}  // namespace

void note_overruled(const Node& node, const Value& value, const std::vector<Dim>& dims) {
  const ValueType used{value.type.kind, value.type.dtype, dims};
  std::string note = concat("value '", value.name, "' is declared ", describe(value.type), ", inferred ",
                            describe(used), ": the inferred shape is used");
  log(TN_LOG_WARN, note);
  node.graph->notes.push_back(std::move(note));
}

void set_constant_type(Value& value) {
  value.type.kind = ValueType::Kind::kTensor;
  value.type.dtype = value.constant->dtype();
  value.type.dims.emplace();
  for (int64_t d : value.constant->shape()) value.type.dims->push_back(known_dim(d));
  value.type.is_proven = true;
}

Status infer_node(Node& node) {
  TENON_RETURN_IF_ERROR(infer_by_schema(node));
  return subgraphs(node).empty() ? Status() : infer_subgraphs(node);
}

Status infer_graph(Graph& graph) {
  for (const auto& value : graph.values())
    if (value->is_constant()) set_constant_type(*value);
  // Each run holds what it is given against these.
  for (Value* input : graph.inputs) input->type.is_proven = true;
  for (const auto& node : graph.nodes()) TENON_RETURN_IF_ERROR(infer_node(*node));
  return {};
}

Status infer_shapes(Model& model) {
  return infer_graph(*model.graph);
}

}  // namespace tenon::host
