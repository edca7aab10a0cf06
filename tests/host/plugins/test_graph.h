// A graph built node by node, for tests of placement and claims.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "host/graph/graph.h"
#include "host/graph/schema.h"

namespace tenon::host {

/// A model whose nodes are added one by one; values are made when first named, as tensors of `dtype` and shape 2x3.
class TestGraph {
 public:
  explicit TestGraph(int64_t opset = 21) {
    model_.ir_version = 10;
    model_.opset_imports[""] = opset;
    model_.graph = std::make_unique<Graph>();
  }

  Value* value(const std::string& name, tn_dtype dtype = TN_FLOAT) {
    if (Value* known = graph().find_value(name)) return known;
    Value* made = graph().add_value(name).value();
    made->type.dtype = dtype;
    made->type.dims = std::vector<Dim>{{2, ""}, {3, ""}};
    return made;
  }
  Node* node(const std::string& op_type, const std::vector<std::string>& inputs,
             const std::vector<std::string>& outputs, const std::string& domain = "") {
    Node* n = graph().add_node();
    n->op_type = op_type;
    n->domain = domain;
    n->name = outputs[0] + "_node";
    n->graph = &graph();
    for (const auto& name : inputs) n->inputs.push_back(value(name));
    for (const auto& name : outputs) n->outputs.push_back(value(name));
    return n;
  }
  /// Declares inputs and outputs, sorts and resolves schemas.
  void finish(const std::vector<std::string>& inputs, const std::vector<std::string>& outputs) {
    for (const auto& name : inputs) graph().inputs.push_back(value(name));
    for (const auto& name : outputs) graph().outputs.push_back(value(name));
    const Status sorted = graph().finish();
    INFO(sorted.message());
    REQUIRE(sorted.is_ok());
    const Status resolved = resolve_schemas(model_);
    INFO(resolved.message());
    REQUIRE(resolved.is_ok());
  }
  Graph& graph() { return *model_.graph; }
  Model& model() { return model_; }

 private:
  Model model_;
};

}  // namespace tenon::host
