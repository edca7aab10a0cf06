// The values of a graph that are there with their channels last, too, and the Transposes between the two. Belongs to
// one pass and one thread; the graph outlives it.
#pragma once

#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "host/base/status.h"
#include "host/graph/graph.h"
#include "host/graph/node_builder.h"
#include "host/optimize/rewriter.h"

namespace tenon::host {

class MovedValues {
 public:
  MovedValues(Graph& graph, const OpSchema* transpose) : graph_(graph), builder_(graph), transpose_(transpose) {}

  /// The value with its channels last; nullptr: no node computes that.
  Value* find(const Value& value) const;
  bool contains(const Value& value) const { return last_.contains(&value); }
  /// Notes a Transpose of the model, which goes where nobody reads it in the end; `last`: what it moved, or null.
  void note(Node& transpose, const Value* value, Value* last);

  /// Whether the operand is there with its channels last, or comes to it for nothing; `broadcasts`: it may have fewer
  /// dimensions than the result, or be 1 where that is more; `at_cost`: a Transpose is worth it.
  bool can_move(const Value& operand, size_t rank, bool broadcasts, bool at_cost) const;
  /// The most readers that one of the operands has that are moved already; nothing: none is.
  std::optional<size_t> moved_reads(const std::vector<Value*>& operands) const;
  /// What can_move() has said yes to.
  Result<Value*> moved(Value& operand, size_t rank, const Node& reader);

  /// The value with its channels last, by a Transpose if need be.
  Result<Value*> channels_last(Value& x, const Node& reader);
  /// What the node computes from now on has its channels last, and Transposes compute what it did before.
  Status give_last(Node& node);

  /// Takes away the Transposes that nobody reads, and logs those of the model.
  void erase_unread(RemovalLog& log);

 private:
  Result<Value*> reshaped(const Value& value, size_t rank);
  Result<Value*> fresh(const Value& like);
  void add_transpose(Value& from, Value& to, std::vector<int64_t> perm, const Node& near);

  Graph& graph_;
  NodeBuilder builder_;
  const OpSchema* transpose_;
  std::unordered_map<const Value*, Value*> last_;
  std::vector<Node*> transposes_;  // its own and the model's
  std::unordered_set<const Node*> own_;
};

}  // namespace tenon::host
