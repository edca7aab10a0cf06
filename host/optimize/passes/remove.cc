// Removes what computes for nobody, and constants that nobody reads.
#include <unordered_set>

#include "host/optimize/passes/passes.h"
#include "host/optimize/rewriter.h"

namespace tenon::host {
namespace {

// What a subgraph no longer reads is known after finish(), so each round goes one graph further out. A model of deeper
// nesting keeps some dead nodes.
constexpr int kMostRounds = 4;

bool remove_once(Model& model, RemovalLog& log) {
  bool has_removed = false;
  const std::vector<Graph*> tree = graph_tree(*model.graph);
  for (auto graph = tree.rbegin(); graph != tree.rend(); ++graph) {
    Rewriter rewriter(**graph, log);
    const auto& nodes = (*graph)->nodes();
    const size_t before = log.total();
    for (size_t i = nodes.size(); i > 0; --i) rewriter.erase_unread("as nobody reads what they compute", *nodes[i - 1]);
    has_removed |= log.total() > before;
  }
  return has_removed;
}

void erase_unread_constants(Graph& graph) {
  const std::unordered_set<const Value*> inputs(graph.inputs.begin(), graph.inputs.end());
  for (const auto& value : graph.values())
    if (value->is_constant() && value->use_count() == 0 && !inputs.contains(value.get())) graph.erase_value(*value);
  graph.sweep();
}

}  // namespace

Status remove_pass(Model& model, const OptimizeOptions&, OptimizeNotes& notes) {
  RemovalLog log;
  for (int round = 0; round < kMostRounds && remove_once(model, log); ++round)
    TENON_RETURN_IF_ERROR(model.graph->finish());
  log.write_to(notes);
  for (Graph* graph : graph_tree(*model.graph)) erase_unread_constants(*graph);
  return {};
}

}  // namespace tenon::host
