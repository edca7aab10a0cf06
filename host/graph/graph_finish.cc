// Graph::finish(): checks that every value is defined once, rebuilds the links between values and nodes, and sorts the
// nodes. Works through nested graphs and long chains without recursion, so a hostile model cannot exhaust the stack.
#include <algorithm>
#include <queue>
#include <unordered_map>
#include <unordered_set>

#include "host/graph/graph.h"

namespace tenon::host {
namespace {

constexpr size_t kMaxNamedOnCycle = 8;

// Whether nodes of `graph` can see a value that is defined in `owner`.
bool is_visible(const Graph* graph, const Graph* owner) {
  while (graph != nullptr && graph != owner) graph = graph->parent();
  return graph != nullptr;
}

Status define(Node& node, uint32_t index, Value& value, const std::unordered_set<const Value*>& graph_inputs) {
  if (value.graph != node.graph)
    return error(TN_INTERNAL, describe(node), ": output '", value.name, "' belongs to another graph");
  if (value.producer != nullptr)
    return error(TN_INVALID_MODEL, describe(node), ": output '", value.name, "' is also computed by ",
                 describe(*value.producer), ": every value is computed once; rename one of them");
  if (value.is_constant() || graph_inputs.contains(&value))
    return error(TN_INVALID_MODEL, describe(node), ": output '", value.name, "' is also ",
                 value.is_constant() ? "an initializer" : "a graph input", ": rename one of them");
  value.producer = &node;
  value.producer_output = index;
  return {};
}

}  // namespace

class GraphLinker {
 public:
  explicit GraphLinker(Graph& root) : tree_(graph_tree(root)) {}

  Status link() {
    TENON_RETURN_IF_ERROR(define_values());
    // The deepest graphs first: what they read of outer graphs is an input of the node that holds them.
    for (auto graph = tree_.rbegin(); graph != tree_.rend(); ++graph) TENON_RETURN_IF_ERROR(link_graph(**graph));
    return {};
  }
  const std::vector<Graph*>& tree() const { return tree_; }

 private:
  // What nested graphs read of the graphs around them, in order of first use.
  struct OuterReads {
    std::vector<Value*> values;
    std::unordered_set<const Value*> seen;

    void add(Value* value) {
      if (seen.insert(value).second) values.push_back(value);
    }
  };

  Status define_values() {
    for (Graph* graph : tree_) {
      graph_inputs_.insert(graph->inputs.begin(), graph->inputs.end());
      for (const auto& value : graph->values()) {
        value->producer = nullptr;
        value->producer_output = 0;
        value->uses.clear();
        value->handed_out = 0;
      }
    }
    for (Graph* graph : tree_) {
      for (const auto& node : graph->nodes()) {
        node->graph = graph;
        node->implicit_inputs.clear();
        for (uint32_t i = 0; i < node->outputs.size(); ++i)
          if (node->outputs[i] != nullptr) TENON_RETURN_IF_ERROR(define(*node, i, *node->outputs[i], graph_inputs_));
      }
    }
    return {};
  }

  Status link_graph(Graph& graph) {
    OuterReads& outer = outer_reads_[&graph];
    size_t count = 0;
    for (const auto& node : graph.nodes()) {
      TENON_RETURN_IF_ERROR(collect_implicit_inputs(*node));
      count += node->inputs.size() + node->implicit_inputs.size();
    }
    graph.uses_.clear();
    Use* use = graph.uses_.emplace_back(std::make_unique<Use[]>(count)).get();
    for (const auto& node : graph.nodes()) {
      node->uses = use;
      node->uses_count = static_cast<uint32_t>(node->inputs.size() + node->implicit_inputs.size());
      for (uint32_t i = 0; i < node->inputs.size(); ++i, ++use) {
        Value* value = node->inputs[i];
        if (value == nullptr) continue;
        if (!is_defined(*value) || !is_visible(&graph, value->graph))
          return error(TN_INVALID_MODEL, describe(*node), ": input ", i, " is '", value->name,
                       "', which is no graph input, no initializer and no node's output: correct the name or add the "
                       "node that computes it");
        read(*use, *node, i, *value, outer);
      }
      for (Value* value : node->implicit_inputs) read(*use++, *node, Use::kImplicit, *value, outer);
    }
    return link_outputs(graph, outer);
  }

  Status link_outputs(Graph& graph, OuterReads& outer) {
    for (Value* value : graph.outputs) {
      if (!is_defined(*value) || !is_visible(&graph, value->graph))
        return error(TN_INVALID_MODEL, "graph '", graph.name, "': output '", value->name,
                     "' is no graph input, no initializer and no node's output: correct the name or add the node that "
                     "computes it");
      ++value->handed_out;
      if (value->graph != &graph) outer.add(value);
    }
    return {};
  }

  Status collect_implicit_inputs(Node& node) {
    OuterReads reads;
    for (Graph* sub : subgraphs(node)) {
      if (sub->parent() != node.graph)
        return error(TN_INTERNAL, describe(node), ": its subgraph '", sub->name, "' has another parent graph");
      for (Value* value : outer_reads_[sub].values) reads.add(value);
    }
    node.implicit_inputs = std::move(reads.values);
    return {};
  }

  static void read(Use& use, Node& node, uint32_t input, Value& value, OuterReads& outer) {
    use.node = &node;
    use.input = input;
    if (value.graph != node.graph) {
      outer.add(&value);
      return;
    }
    use.value = &value;
    value.uses.add(use);
  }

  bool is_defined(const Value& value) const {
    return value.producer != nullptr || value.is_constant() || graph_inputs_.contains(&value);
  }

  std::vector<Graph*> tree_;
  std::unordered_set<const Value*> graph_inputs_;
  std::unordered_map<const Graph*, OuterReads> outer_reads_;
};

namespace {

template <typename F>
void for_each_producer(const Node& node, F visit) {
  const auto visit_all = [&](const std::vector<Value*>& values) {
    for (const Value* v : values)
      if (v != nullptr && v->graph == node.graph && v->producer != nullptr) visit(*v->producer);
  };
  visit_all(node.inputs);
  visit_all(node.implicit_inputs);
}

// `waiting` holds the nodes that could not be sorted: each of them has a producer among them.
Status cycle_error(const Graph& graph, const std::unordered_set<const Node*>& waiting) {
  std::vector<const Node*> path;
  std::unordered_map<const Node*, size_t> position;
  const Node* node = *waiting.begin();
  while (position.try_emplace(node, path.size()).second) {
    path.push_back(node);
    const Node* next = nullptr;
    for_each_producer(*node, [&](const Node& producer) {
      if (next == nullptr && waiting.contains(&producer)) next = &producer;
    });
    if (next == nullptr) return error(TN_INTERNAL, describe(*node), " was not sorted, though its inputs are");
    node = next;
  }
  const std::vector<const Node*> cycle(path.begin() + static_cast<ptrdiff_t>(position[node]), path.end());
  std::string text;
  for (size_t i = 0; i < std::min(cycle.size(), kMaxNamedOnCycle); ++i)
    text += (i == 0 ? "" : ", which reads ") + describe(*cycle[i]);
  if (cycle.size() > kMaxNamedOnCycle) text += ", and " + std::to_string(cycle.size() - kMaxNamedOnCycle) + " more";
  return error(TN_INVALID_MODEL, "graph '", graph.name, "' has a cycle of ", cycle.size(), " nodes: ", text,
               ", which reads the first: a node must not depend on its own output");
}

// Stable: of the nodes whose inputs are ready, the one of the lowest rank comes next, as in the file.
Status sort_nodes(const Graph& graph, std::vector<std::unique_ptr<Node>>& nodes) {
  const auto has_lower_rank = [](const auto& a, const auto& b) { return a->rank < b->rank; };
  if (!std::is_sorted(nodes.begin(), nodes.end(), has_lower_rank))
    std::stable_sort(nodes.begin(), nodes.end(), has_lower_rank);
  std::unordered_map<const Node*, size_t> index;
  std::vector<size_t> missing(nodes.size(), 0);
  for (size_t i = 0; i < nodes.size(); ++i) index.emplace(nodes[i].get(), i);
  std::vector<std::vector<size_t>> readers(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i)
    for_each_producer(*nodes[i], [&](const Node& producer) {
      readers[index[&producer]].push_back(i);
      ++missing[i];
    });

  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
  for (size_t i = 0; i < nodes.size(); ++i)
    if (missing[i] == 0) ready.push(i);
  std::vector<size_t> order;
  order.reserve(nodes.size());
  while (!ready.empty()) {
    const size_t i = ready.top();
    ready.pop();
    order.push_back(i);
    for (size_t reader : readers[i])
      if (--missing[reader] == 0) ready.push(reader);
  }
  if (order.size() < nodes.size()) {
    std::unordered_set<const Node*> waiting;
    for (size_t i = 0; i < nodes.size(); ++i)
      if (missing[i] > 0) waiting.insert(nodes[i].get());
    return cycle_error(graph, waiting);
  }
  std::vector<std::unique_ptr<Node>> sorted;
  sorted.reserve(nodes.size());
  for (size_t i : order) {
    nodes[i]->rank = static_cast<uint32_t>(sorted.size());
    sorted.push_back(std::move(nodes[i]));
  }
  nodes = std::move(sorted);
  return {};
}

}  // namespace

Status Graph::finish() {
  for (Graph* graph : graph_tree(*this)) graph->sweep();
  GraphLinker linker(*this);
  TENON_RETURN_IF_ERROR(linker.link());
  for (Graph* graph : linker.tree()) {
    TENON_RETURN_IF_ERROR(sort_nodes(*graph, graph->nodes_));
    graph->next_rank_ = static_cast<uint32_t>(graph->nodes_.size());
  }
  return {};
}

}  // namespace tenon::host
