// What derivatives are written with: nodes of one graph in front of another one, of this build's forms whatever opset
// the model imports. One graph and one thread for each.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "host/graph/node_builder.h"

namespace tenon::host {

/// An application of an operator in the graph that is differentiated: its values are those of the copy that the
/// gradient is computed at.
struct Application {
  const Node& node;
  std::vector<Value*> inputs;  // nullptr: left out
  Value* output;               // the first
};

class GradientBuilder {
 public:
  /// Nodes of the ONNX domain are of opset `opset`, 18 or more.
  GradientBuilder(const Node& before, int64_t opset) : before_(before), nodes_(*before.graph), opset_(opset) {}

  /// The output of a new node.
  Value* make(std::string_view op, std::vector<Value*> inputs, std::vector<Attribute> attributes = {});
  /// The same for an output that is there, which nobody computes from now on but the new node.
  void make_into(Value& output, std::string_view op, std::vector<Value*> inputs, std::vector<Attribute> attributes = {});
  /// A node as the one given, with other inputs, without the attribute named, and with others; returns its outputs.
  std::vector<Value*> copy(const Node& node, std::vector<Value*> inputs, std::string_view without = {},
                           std::vector<Attribute> with = {});

  Value* add(Value* a, Value* b) { return make("Add", {a, b}); }
  Value* sub(Value* a, Value* b) { return make("Sub", {a, b}); }
  Value* mul(Value* a, Value* b) { return make("Mul", {a, b}); }
  Value* div(Value* a, Value* b) { return make("Div", {a, b}); }
  Value* negated(Value* x) { return make("Neg", {x}); }
  Value* shape(Value* x) { return make("Shape", {x}); }
  /// A scalar of the element type of `x`.
  Value* scalar_like(float value, Value* x);
  /// As large as `x` and of its type, filled.
  Value* filled_like(float value, Value* x);
  Value* integers(const std::vector<int64_t>& values);
  /// The sum of `gradient` over the axes along which `x` was broadcast to its shape.
  Value* summed_to(Value* gradient, Value* x);

 private:
  const Node& before_;
  NodeBuilder nodes_;
  const int64_t opset_;
};

}  // namespace tenon::host
