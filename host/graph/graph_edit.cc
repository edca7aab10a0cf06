// Edits of a finished graph. Records of uses come from the graph's own memory, in one piece for each connected node,
// and are given back by finish(), which makes all of them anew.
#include <algorithm>

#include "host/graph/graph.h"

namespace tenon::host {
namespace {

void detach(Use& use) {
  if (use.value == nullptr) return;
  use.value->uses.remove(use);
  use.value = nullptr;
}

void attach(Use& use, Node& node, uint32_t input, Value* value) {
  use.node = &node;
  use.input = input;
  if (value == nullptr || value->graph != node.graph) return;
  use.value = value;
  value->uses.add(use);
}

// Lets a list name `by` once in the place of `old`.
void replace_once(std::vector<Value*>& values, Value* old, Value* by) {
  const auto found = std::find(values.begin(), values.end(), old);
  if (found == values.end()) return;
  if (std::find(values.begin(), values.end(), by) == values.end()) {
    *found = by;
  } else {
    values.erase(found);
  }
}

// Level by level, as deep nesting must not exhaust the stack.
size_t replace_in_subgraphs(const Node& holder, Value& old, Value& by) {
  size_t count = 0;
  std::vector<Graph*> pending = subgraphs(holder);
  while (!pending.empty()) {
    Graph& graph = *pending.back();
    pending.pop_back();
    count += graph.nodes().size();
    for (const auto& node : graph.nodes()) {
      if (node->graph == nullptr) continue;
      std::replace(node->inputs.begin(), node->inputs.end(), &old, &by);
      if (node->implicit_inputs.empty()) continue;
      replace_once(node->implicit_inputs, &old, &by);
      for (Graph* inner : subgraphs(*node)) pending.push_back(inner);
    }
    for (Value*& output : graph.outputs) {
      if (output != &old) continue;
      output = &by;
      --old.handed_out;
      ++by.handed_out;
    }
  }
  return count;
}

}  // namespace

Node* Graph::insert_node(const Node& before) {
  Node* node = add_node();
  node->rank = before.rank;
  return node;
}

void Graph::connect(Node& node) {
  for (uint32_t i = 0; i < node.uses_count; ++i) detach(node.uses[i]);
  const size_t count = node.inputs.size() + node.implicit_inputs.size();
  if (count > node.uses_count) node.uses = uses_.emplace_back(std::make_unique<Use[]>(count)).get();
  node.uses_count = static_cast<uint32_t>(count);
  Use* use = node.uses;
  for (uint32_t i = 0; i < node.inputs.size(); ++i) attach(*use++, node, i, node.inputs[i]);
  for (Value* value : node.implicit_inputs) attach(*use++, node, Use::kImplicit, value);
  for (uint32_t i = 0; i < node.outputs.size(); ++i) {
    Value* value = node.outputs[i];
    if (value == nullptr) continue;
    if (value->producer != nullptr && value->producer != &node)
      value->producer->outputs[value->producer_output] = nullptr;
    value->producer = &node;
    value->producer_output = i;
  }
}

void Graph::set_inputs(Node& node, std::vector<Value*> values) {
  node.inputs = std::move(values);
  connect(node);
}

void Graph::set_input(Node& node, size_t index, Value* value) {
  Use& use = node.uses[index];
  detach(use);
  node.inputs[index] = value;
  attach(use, node, static_cast<uint32_t>(index), value);
}

size_t Graph::replace_uses(Value& old, Value& by) {
  size_t looked_at = 0;
  while (Use* use = old.uses.first()) {
    Node& node = *use->node;
    const uint32_t input = use->input;
    detach(*use);
    if (input != Use::kImplicit) {
      node.inputs[input] = &by;
      attach(*use, node, input, &by);
      continue;
    }
    looked_at += replace_in_subgraphs(node, old, by);
    const size_t before = node.implicit_inputs.size();
    replace_once(node.implicit_inputs, &old, &by);
    if (node.implicit_inputs.size() == before) attach(*use, node, input, &by);
  }
  return looked_at;
}

void Graph::absorb(Graph& body, const Node& before, const std::string& prefix) {
  for (Value* output : body.outputs) --output->handed_out;
  body.inputs.clear();
  body.outputs.clear();
  body.by_name_.clear();
  for (auto& value : body.values_) {
    if (value->graph == nullptr) continue;
    value->name = concat(prefix, "/", value->name);
    if (find_value(value->name, true) != nullptr) value->name = unused_name();
    value->graph = this;
    by_name_.emplace(value->name, value.get());
    values_.push_back(std::move(value));
  }
  std::vector<Node*> moved;
  for (auto& node : body.nodes_) {
    if (node->graph == nullptr) continue;
    node->graph = this;
    node->rank = before.rank;
    for (Graph* below : subgraphs(*node)) below->parent_ = this;
    moved.push_back(node.get());
    nodes_.push_back(std::move(node));
  }
  body.nodes_.clear();
  body.values_.clear();
  // Of what was outside until now, the nodes have no use yet.
  for (Node* node : moved) connect(*node);
  for (auto& uses : body.uses_) uses_.push_back(std::move(uses));
  body.uses_.clear();
}

void Graph::erase_node(Node& node) {
  for (uint32_t i = 0; i < node.uses_count; ++i) detach(node.uses[i]);
  for (Value* value : node.outputs) {
    if (value == nullptr || value->producer != &node) continue;
    value->producer = nullptr;
    if (!value->is_constant() && value->uses.empty() && value->handed_out == 0) erase_value(*value);
  }
  node.graph = nullptr;
  has_erased_ = true;
}

void Graph::erase_value(Value& value) {
  by_name_.erase(value.name);
  value.graph = nullptr;
  has_erased_ = true;
}

void Graph::sweep() {
  if (!has_erased_) return;
  has_erased_ = false;
  std::erase_if(nodes_, [](const auto& node) { return node->graph == nullptr; });
  std::erase_if(values_, [](const auto& value) { return value->graph == nullptr; });
}

}  // namespace tenon::host
