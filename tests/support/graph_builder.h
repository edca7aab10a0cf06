// Builds small models for tests, by value name, in the order in which they are given:
//
//   GraphBuilder b;
//   b.input("x", TN_FLOAT, {1, 3});
//   b.constant<float>("w", {3, 2}, {1, 2, 3, 4, 5, 6});
//   b.node("MatMul", {"x", "w"}, {"y"});
//   b.output("y");
//   std::unique_ptr<Model> model = b.build();
//
// A node may read a value that a later node computes. Failures throw, which fails the test.
#pragma once

#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "host/graph/node_builder.h"
#include "host/graph/schema.h"
#include "host/graph/tensor.h"

namespace tenon::test {

template <typename T>
constexpr tn_dtype dtype_of() {
  if constexpr (std::is_same_v<T, float>) return TN_FLOAT;
  if constexpr (std::is_same_v<T, double>) return TN_DOUBLE;
  if constexpr (std::is_same_v<T, int64_t>) return TN_INT64;
  if constexpr (std::is_same_v<T, int32_t>) return TN_INT32;
  if constexpr (std::is_same_v<T, uint8_t>) return TN_UINT8;
  if constexpr (std::is_same_v<T, int8_t>) return TN_INT8;
  if constexpr (std::is_same_v<T, bool>) return TN_BOOL;
  return TN_UNDEFINED;
}

/// A tensor of its own memory with these values.
template <typename T>
host::Tensor make_tensor(std::vector<int64_t> shape, const std::vector<T>& values) {
  auto tensor = host::Tensor::allocate(dtype_of<T>(), std::move(shape), host::Residence::kComputed);
  if (!tensor.is_ok()) throw std::runtime_error(tensor.status().message());
  if (static_cast<size_t>(tensor->element_count()) != values.size())
    throw std::runtime_error("the number of values differs from the shape");
  T* data = static_cast<T*>(tensor->mutable_data());
  for (size_t i = 0; i < values.size(); ++i) data[i] = values[i];
  return *tensor;
}

inline host::Attribute int_attr(std::string name, int64_t value) {
  return {std::move(name), value};
}
inline host::Attribute ints_attr(std::string name, std::vector<int64_t> values) {
  return {std::move(name), std::move(values)};
}
inline host::Attribute float_attr(std::string name, float value) {
  return {std::move(name), value};
}
inline host::Attribute string_attr(std::string name, std::string value) {
  return {std::move(name), std::move(value)};
}
inline host::Attribute tensor_attr(std::string name, host::Tensor value) {
  return {std::move(name), std::move(value)};
}
inline host::Attribute graph_attr(std::string name, std::shared_ptr<host::Graph> value) {
  return {std::move(name), std::move(value)};
}

class GraphBuilder {
 public:
  /// A model of this opset of the ONNX domain; others are imported too.
  explicit GraphBuilder(int64_t opset = 17) : model_(model_of(opset)), build_(*model_->graph) {}
  /// A subgraph of `parent`'s graph; take it with build_subgraph().
  explicit GraphBuilder(GraphBuilder& parent)
      : subgraph_(std::make_shared<host::Graph>(&parent.graph())), build_(*subgraph_) {}

  host::Value* input(const std::string& name, tn_dtype dtype, std::vector<int64_t> shape) {
    std::vector<host::Dim> dims;
    for (int64_t d : shape) dims.push_back({d, ""});
    return input_of(name, {host::ValueType::Kind::kTensor, dtype, std::move(dims)});
  }
  /// With names: {{-1, "batch"}, {3, ""}}.
  host::Value* symbolic_input(const std::string& name, tn_dtype dtype, std::vector<host::Dim> dims) {
    return input_of(name, {host::ValueType::Kind::kTensor, dtype, std::move(dims)});
  }
  host::Value* input_of(const std::string& name, host::ValueType type) {
    return made(build_.input(name, std::move(type)));
  }

  host::Value* constant_of(const std::string& name, host::Tensor tensor) {
    return made(build_.constant(name, std::move(tensor)));
  }
  template <typename T>
  host::Value* constant(const std::string& name, std::vector<int64_t> shape, const std::vector<T>& values) {
    return constant_of(name, make_tensor<T>(std::move(shape), values));
  }

  /// `op` may carry a domain: "com.microsoft:FusedConv". Empty names are left-out inputs and outputs. The node is
  /// named after its first output.
  host::Node* node(const std::string& op, const std::vector<std::string>& inputs,
                   const std::vector<std::string>& outputs, std::vector<host::Attribute> attributes = {}) {
    host::Node* n = graph().add_node();  // not connected: tests build broken graphs, too, which finish() judges
    const size_t colon = op.find(':');
    n->op_type = colon == std::string::npos ? op : op.substr(colon + 1);
    if (colon != std::string::npos) n->domain = op.substr(0, colon);
    n->name = outputs.empty() ? "" : outputs.front() + "_node";
    for (const std::string& name : inputs) n->inputs.push_back(name.empty() ? nullptr : value(name));
    for (const std::string& name : outputs) n->outputs.push_back(name.empty() ? nullptr : value(name));
    n->attributes = std::move(attributes);
    return n;
  }

  void output(const std::string& name) { build_.output(*value(name)); }

  /// The value of that name here or in an outer graph; made when there is none.
  host::Value* value(const std::string& name) { return made(build_.value(name)); }
  host::Graph& graph() { return build_.graph(); }
  host::Model& model() { return *model_; }

  /// The model, finished and with schemas resolved.
  std::unique_ptr<host::Model> build() {
    for (const host::Status& status : {graph().finish(), host::resolve_schemas(*model_)})
      if (!status.is_ok()) throw std::runtime_error(status.message());
    return std::move(model_);
  }
  std::shared_ptr<host::Graph> build_subgraph() { return std::move(subgraph_); }

 private:
  static std::unique_ptr<host::Model> model_of(int64_t opset) {
    auto model = std::make_unique<host::Model>();
    model->ir_version = 8;
    model->opset_imports = {{"", opset}, {"ai.onnx.preview", 1}, {"ai.onnx.preview.training", 1}, {"com.microsoft", 1}};
    model->graph = std::make_unique<host::Graph>();
    return model;
  }
  static host::Value* made(host::Result<host::Value*> value) {
    if (!value.is_ok()) throw std::runtime_error(value.status().message());
    return *value;
  }

  std::unique_ptr<host::Model> model_;
  std::shared_ptr<host::Graph> subgraph_;
  host::NodeBuilder build_;
};

}  // namespace tenon::test
