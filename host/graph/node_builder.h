// Makes values and nodes of one graph, connected as they come: for passes, and below the builder of tests. Borrows the
// graph; one thread at a time. Names are the caller's; empty ones are made up.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/graph/graph.h"

namespace tenon::host {

class NodeBuilder {
 public:
  explicit NodeBuilder(Graph& graph) : graph_(&graph) {}

  Result<Value*> input(std::string name, ValueType type);
  Result<Value*> constant(std::string name, Tensor tensor);
  /// The value of that name here or in an outer graph; a new one of unknown type when there is none.
  Result<Value*> value(std::string name);
  void output(Value& value);
  /// `op` may carry a domain: "com.microsoft:Gelu". nullptr in `inputs` and `outputs`: left out. The node has no schema
  /// yet. `before`: see Graph::insert_node(); nullptr: after all others.
  Node* node(std::string_view op, std::vector<Value*> inputs, std::vector<Value*> outputs,
             std::vector<Attribute> attributes = {}, const Node* before = nullptr);

  Graph& graph() const { return *graph_; }

 private:
  Graph* graph_;
};

}  // namespace tenon::host
