#include "host/runtime/control_flow/control_node.h"

#include <algorithm>

namespace tenon::host {
namespace {

Graph* graph_attribute(const Node& node, std::string_view name) {
  const Attribute* attribute = node.find_attribute(name);
  const auto* graph = attribute == nullptr ? nullptr : std::get_if<std::shared_ptr<Graph>>(&attribute->payload);
  return graph == nullptr ? nullptr : graph->get();
}

std::string name_of(const Value* value) {
  return value == nullptr ? std::string() : concat(" ('", value->name, "')");
}

Status check_count(const char* what, size_t got, size_t expected, const char* why) {
  if (got == expected) return {};
  return error(TN_INVALID_MODEL, what, " has ", got, ", expected ", expected, ": ", why);
}

Status check_tensors(const std::string& what, const std::vector<Value*>& values) {
  for (size_t i = 0; i < values.size(); ++i)
    if (values[i] != nullptr && values[i]->type.kind != ValueType::Kind::kTensor)
      return error(TN_UNSUPPORTED, what, " ", i, name_of(values[i]), " is ", describe(values[i]->type),
                   ", expected a tensor: control flow over sequences and optionals is not supported; carry tensors, "
                   "joined by ConcatFromSequence inside the subgraph");
  return {};
}

Status check_given(const Node& node, size_t from) {
  for (size_t i = from; i < node.inputs.size(); ++i)
    if (node.inputs[i] == nullptr)
      return error(TN_INVALID_MODEL, "input ", i, " is left out, expected a value: the subgraph has an input for it");
  return {};
}

Status check_if(const Node& node, const std::vector<Graph*>& branches) {
  if (branches.size() != 2)
    return error(TN_INVALID_MODEL, "it has ", branches.size(), " branches, expected then_branch and else_branch");
  TENON_RETURN_IF_ERROR(check_count("its list of inputs", node.inputs.size(), 1, "an If reads its condition only"));
  TENON_RETURN_IF_ERROR(check_given(node, 0));
  for (const Graph* branch : branches) {
    TENON_RETURN_IF_ERROR(check_count("the list of inputs of a branch", branch->inputs.size(), 0,
                                      "branches read values of the graphs around them"));
    TENON_RETURN_IF_ERROR(check_count("the list of outputs of a branch", branch->outputs.size(), node.outputs.size(),
                                      "each output of the If comes from both branches"));
  }
  return {};
}

Status check_loop(const Node& node, const Graph& body) {
  const size_t carried = std::max<size_t>(node.inputs.size(), 2) - 2;
  TENON_RETURN_IF_ERROR(check_given(node, 2));
  TENON_RETURN_IF_ERROR(check_count("the list of inputs of the body", body.inputs.size(), carried + 2,
                                    "it takes the iteration number, the condition and each carried value"));
  if (body.outputs.size() < carried + 1 || node.outputs.size() > body.outputs.size() - 1)
    return error(TN_INVALID_MODEL, "the body has ", body.outputs.size(), " outputs, expected at least ",
                 std::max(carried, node.outputs.size()) + 1,
                 ": the condition, each carried value, and each value that is collected");
  return {};
}

Status check_list(const Node& node, const char* attribute, size_t expected) {
  const auto list = node.ints_attribute(attribute);
  if (!list || list->size() == expected) return {};
  return error(TN_INVALID_MODEL, "attribute ", attribute, " has ", list->size(), " elements, expected ", expected,
               ": one for each scanned value");
}

Status check_scan(const Node& node, const Graph& body) {
  const size_t lead = node.since_version == 8 ? 1 : 0;
  const int64_t scanned = node.int_attribute("num_scan_inputs").value_or(0);
  if (scanned < 1 || node.inputs.size() < lead || static_cast<uint64_t>(scanned) > node.inputs.size() - lead)
    return error(TN_INVALID_MODEL, "attribute num_scan_inputs is ", scanned, ", expected 1 to ",
                 std::max(node.inputs.size(), lead) - lead, ": it counts the last inputs of the node");
  TENON_RETURN_IF_ERROR(check_given(node, lead));
  TENON_RETURN_IF_ERROR(check_count("the list of inputs of the body", body.inputs.size(), node.inputs.size() - lead,
                                    "it takes each state and a slice of each scanned value"));
  const size_t states = body.inputs.size() - static_cast<size_t>(scanned);
  if (body.outputs.size() < std::max(states, node.outputs.size()))
    return error(TN_INVALID_MODEL, "the body has ", body.outputs.size(), " outputs, expected at least ",
                 std::max(states, node.outputs.size()), ": one for each state and each value that is collected");
  const size_t collected = body.outputs.size() - states;
  for (const char* attribute : {"directions", "scan_input_axes", "scan_input_directions"})
    TENON_RETURN_IF_ERROR(check_list(node, attribute, static_cast<size_t>(scanned)));
  for (const char* attribute : {"scan_output_axes", "scan_output_directions"})
    TENON_RETURN_IF_ERROR(check_list(node, attribute, collected));
  return {};
}

}  // namespace

std::vector<Graph*> control_flow_bodies(const Node& node) {
  std::vector<Graph*> bodies;
  if (!node.domain.empty()) return bodies;
  const auto add = [&](const char* attribute) {
    if (Graph* graph = graph_attribute(node, attribute)) bodies.push_back(graph);
  };
  if (node.op_type == "If") {
    add("then_branch");
    add("else_branch");
  } else if (node.op_type == "Loop" || node.op_type == "Scan") {
    add("body");
  }
  return bodies;
}

Status check_control_flow(const Node& node) {
  const std::vector<Graph*> bodies = control_flow_bodies(node);
  if (bodies.empty() || bodies.size() != subgraphs(node).size())
    return error(TN_UNSUPPORTED,
                 "it has subgraphs, and of such nodes the host runs If, Loop and Scan as ONNX has them: export the "
                 "model without it");
  TENON_RETURN_IF_ERROR(check_tensors("input", node.inputs));
  TENON_RETURN_IF_ERROR(check_tensors("output", node.outputs));
  TENON_RETURN_IF_ERROR(check_tensors("value of an outer graph", node.implicit_inputs));
  for (const Graph* body : bodies) {
    TENON_RETURN_IF_ERROR(check_tensors(concat("subgraph '", body->name, "': input"), body->inputs));
    TENON_RETURN_IF_ERROR(check_tensors(concat("subgraph '", body->name, "': output"), body->outputs));
  }
  if (node.op_type == "If") return check_if(node, bodies);
  return node.op_type == "Loop" ? check_loop(node, *bodies[0]) : check_scan(node, *bodies[0]);
}

}  // namespace tenon::host
