// What rules and passes change a graph with: they see no list of nodes while it changes, and what goes is written down
// for the report. One graph and one thread for each.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "host/graph/graph.h"

namespace tenon::host {

/// The nodes that are gone, by what has taken them.
class RemovalLog {
 public:
  void add(std::string_view rule, const Node& node);
  /// A note for each rule that names its nodes, the first hundred.
  void write_to(std::vector<std::string>& notes) const;
  size_t total() const { return total_; }

 private:
  struct Removed {
    size_t count = 0;
    std::string names;
  };
  std::map<std::string, Removed, std::less<>> removed_;
  size_t total_ = 0;
};

/// Gives a Transpose another perm.
void set_order(Node& transpose, std::vector<int64_t> perm);

class Rewriter {
 public:
  Rewriter(Graph& graph, RemovalLog& log);

  /// Whether `old` can give way to `by` for all who read it. Results keep their names and share no memory, so a result
  /// gives way only to what a node of this graph computes, and only to one that is no result itself; that node then
  /// computes it in the place of `by`.
  bool can_replace(const Value& old, const Value& by) const;
  /// Lets `old` give way; can_replace() must hold. `node`, which computes `old`, is erased if nothing else is read of
  /// it. Of what is known of the types of both the more specific stays.
  void replace(std::string_view rule, Node& node, Value& old, Value& by);
  /// The same for all outputs of a node at once.
  void replace_all(std::string_view rule, Node& node, const Node& by);
  void set_input(Node& node, size_t index, Value& value) { graph_.set_input(node, index, &value); }
  /// Erases the node if nobody reads what it computes, and what computes only for it.
  void erase_unread(std::string_view rule, Node& node);

  bool is_result(const Value& value) const { return results_.contains(&value); }
  Graph& graph() { return graph_; }

 private:
  void replace_value(Value& old, Value& by);

  Graph& graph_;
  RemovalLog& log_;
  std::unordered_set<const Value*> results_, inputs_;
  size_t subgraph_work_left_;  // nodes of subgraphs that may still be looked through for uses
};

}  // namespace tenon::host
