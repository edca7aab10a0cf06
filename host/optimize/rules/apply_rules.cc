#include <algorithm>

#include "host/optimize/rules/rules.h"

namespace tenon::host {
namespace {

// More than any node needs, and an end for rules that undo each other.
constexpr int kMostPerNode = 16;

bool apply_one(Node& node, std::span<const Rule> rules, Rewriter& rewriter) {
  return std::any_of(rules.begin(), rules.end(), [&](const Rule& rule) {
    return rule.op_type == node.op_type && rule.apply(rule.name, node, rewriter);
  });
}

void apply_in_graph(Graph& graph, std::span<const Rule> rules, RemovalLog& log) {
  Rewriter rewriter(graph, log);
  // Rules may add nodes, which are not asked about, and erase some, which stay until the graph is swept.
  const size_t count = graph.nodes().size();
  for (size_t i = 0; i < count; ++i) {
    Node& node = *graph.nodes()[i];
    for (int n = 0; n < kMostPerNode; ++n)
      if (node.graph == nullptr || !node.domain.empty() || node.schema == nullptr || !apply_one(node, rules, rewriter))
        break;
  }
}

}  // namespace

Status apply_rules(Model& model, std::span<const Rule> rules, std::vector<std::string>& notes) {
  RemovalLog log;
  for (Graph* graph : graph_tree(*model.graph)) apply_in_graph(*graph, rules, log);
  log.write_to(notes);
  return log.total() == 0 ? Status() : model.graph->finish();
}

Node* producer_of(const Node& node, size_t index, std::string_view op_type) {
  if (index >= node.inputs.size() || node.inputs[index] == nullptr || node.inputs[index]->graph != node.graph)
    return nullptr;
  Node* producer = node.inputs[index]->producer;
  const bool fits = producer != nullptr && !node.inputs[index]->is_constant() && producer->domain.empty() &&
                    producer->op_type == op_type && producer->schema != nullptr;
  return fits ? producer : nullptr;
}

}  // namespace tenon::host
