#include "host/runtime/step_order.h"

#include <functional>
#include <queue>
#include <unordered_map>

namespace tenon::host {
namespace {

using Group = std::vector<const Node*>;

// Kahn's algorithm over groups, the group of the earliest node first; shorter than `groups` when there is a cycle.
std::vector<size_t> topological_order(const Graph& graph, const std::vector<Group>& groups) {
  std::unordered_map<const Node*, size_t> group_of, position;
  for (size_t i = 0; i < graph.nodes().size(); ++i) position[graph.nodes()[i].get()] = i;
  for (size_t g = 0; g < groups.size(); ++g)
    for (const Node* node : groups[g]) group_of[node] = g;

  std::vector<size_t> waits_for(groups.size(), 0), rank(groups.size(), SIZE_MAX);
  std::vector<std::vector<size_t>> readers(groups.size());
  const auto add_edge = [&](const Value* value, size_t reader) {
    if (value == nullptr || value->producer == nullptr) return;
    const auto it = group_of.find(value->producer);
    if (it == group_of.end() || it->second == reader) return;
    readers[it->second].push_back(reader);
    ++waits_for[reader];
  };
  for (size_t g = 0; g < groups.size(); ++g)
    for (const Node* node : groups[g]) {
      rank[g] = std::min(rank[g], position[node]);
      for (const Value* value : node->inputs) add_edge(value, g);
      for (const Value* value : node->implicit_inputs) add_edge(value, g);
    }

  const auto later = [&](size_t a, size_t b) { return rank[a] > rank[b]; };
  std::priority_queue<size_t, std::vector<size_t>, decltype(later)> ready(later);
  for (size_t g = 0; g < groups.size(); ++g)
    if (waits_for[g] == 0) ready.push(g);
  std::vector<size_t> order;
  while (!ready.empty()) {
    const size_t g = ready.top();
    ready.pop();
    order.push_back(g);
    for (const size_t reader : readers[g])
      if (--waits_for[reader] == 0) ready.push(reader);
  }
  return order;
}

}  // namespace

bool can_be_ordered(const Graph& graph, const std::vector<std::vector<const Node*>>& groups) {
  std::vector<Group> all = groups;
  std::unordered_map<const Node*, bool> grouped;
  for (const Group& group : groups)
    for (const Node* node : group) grouped[node] = true;
  for (const auto& node : graph.nodes())
    if (grouped.count(node.get()) == 0) all.push_back({node.get()});
  return topological_order(graph, all).size() == all.size();
}

Status sort_steps(const Graph& graph, std::vector<Step>* steps) {
  std::vector<Group> groups;
  for (const Step& step : *steps) groups.push_back(step.nodes);
  const std::vector<size_t> order = topological_order(graph, groups);
  if (order.size() != steps->size())
    return error(TN_INTERNAL, "the ", steps->size(), " steps of the session wait for one another");
  std::vector<Step> sorted;
  for (const size_t i : order) sorted.push_back(std::move((*steps)[i]));
  *steps = std::move(sorted);
  return {};
}

}  // namespace tenon::host
