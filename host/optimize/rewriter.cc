#include "host/optimize/rewriter.h"

#include <algorithm>

namespace tenon::host {
namespace {

constexpr size_t kMostNamed = 100;
// Of each graph: a small file must not have large subgraphs looked through for every node around them.
constexpr size_t kMostSubgraphWork = 10'000'000;

bool is_captured(const Value& value) {
  return std::any_of(value.uses.begin(), value.uses.end(), [](const Use& use) { return use.input == Use::kImplicit; });
}

bool has_same_element(const ValueType& a, const ValueType& b) {
  return a.kind == b.kind && (a.dtype == b.dtype || a.dtype == TN_UNDEFINED || b.dtype == TN_UNDEFINED);
}

void learn(ValueType& type, const ValueType& other) {
  if (type.dtype == TN_UNDEFINED) type.dtype = other.dtype;
  if (type.dims) return;
  type.dims = other.dims;
  type.is_proven = false;
}

}  // namespace

void RemovalLog::add(std::string_view rule, const Node& node) {
  Removed& removed = removed_.try_emplace(std::string(rule)).first->second;
  ++total_;
  if (++removed.count > kMostNamed) return;
  removed.names += (removed.names.empty() ? "" : ", ") + describe(node);
}

void RemovalLog::write_to(std::vector<std::string>& notes) const {
  for (const auto& [rule, removed] : removed_)
    notes.push_back(concat("removed ", removed.count, removed.count == 1 ? " node, " : " nodes, ", rule, ": ",
                           removed.names,
                           removed.count > kMostNamed ? concat(" and ", removed.count - kMostNamed, " more") : ""));
}

void set_order(Node& transpose, std::vector<int64_t> perm) {
  std::erase_if(transpose.attributes, [](const Attribute& a) { return a.name == "perm"; });
  transpose.attributes.push_back({"perm", std::move(perm)});
}

Rewriter::Rewriter(Graph& graph, RemovalLog& log)
    : graph_(graph),
      log_(log),
      results_(graph.outputs.begin(), graph.outputs.end()),
      inputs_(graph.inputs.begin(), graph.inputs.end()),
      subgraph_work_left_(kMostSubgraphWork) {}

bool Rewriter::can_replace(const Value& old, const Value& by) const {
  if (&old == &by || old.graph != &graph_ || by.graph != &graph_ || old.producer == nullptr) return false;
  if (!has_same_element(old.type, by.type)) return false;
  if (subgraph_work_left_ == 0 && (is_captured(old) || is_captured(by))) return false;
  if (!is_result(old)) return true;
  return by.producer != nullptr && !by.is_constant() && !is_result(by) && !inputs_.contains(&by);
}

void Rewriter::replace(std::string_view rule, Node& node, Value& old, Value& by) {
  replace_value(old, by);
  erase_unread(rule, node);
}

void Rewriter::replace_value(Value& old, Value& by) {
  Value& gone = is_result(old) ? by : old;
  Value& kept = is_result(old) ? old : by;
  const size_t looked_at = graph_.replace_uses(gone, kept);
  subgraph_work_left_ -= std::min(subgraph_work_left_, looked_at);
  if (kept.producer != nullptr) learn(kept.type, gone.type);
  if (&gone == &old) return;
  Node& maker = *by.producer;
  maker.outputs[by.producer_output] = &old;
  by.producer = nullptr;
  graph_.connect(maker);
  graph_.erase_value(by);
}

void Rewriter::replace_all(std::string_view rule, Node& node, const Node& by) {
  const std::vector<Value*> outputs = node.outputs;
  for (size_t i = 0; i < outputs.size(); ++i)
    if (outputs[i] != nullptr) replace_value(*outputs[i], *by.outputs[i]);
  erase_unread(rule, node);
}

void Rewriter::erase_unread(std::string_view rule, Node& node) {
  const auto is_read = [](const Value* value) { return value != nullptr && value->use_count() > 0; };
  std::vector<Node*> pending = {&node};
  while (!pending.empty()) {
    Node& next = *pending.back();
    pending.pop_back();
    if (next.graph == nullptr || std::any_of(next.outputs.begin(), next.outputs.end(), is_read)) continue;
    for (const auto* values : {&next.inputs, &next.implicit_inputs})
      for (const Value* value : *values)
        if (value != nullptr && value->graph == &graph_ && value->producer != nullptr)
          pending.push_back(value->producer);
    log_.add(rule, next);
    graph_.erase_node(next);
  }
}

}  // namespace tenon::host
