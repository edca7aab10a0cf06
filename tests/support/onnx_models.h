// Small ONNX models for the tests of the importer, built with the onnx package's messages.
#pragma once

#ifndef ONNX_ML
#define ONNX_ML 1
#endif
#include <onnx/onnx-data_pb.h>
#include <onnx/onnx_pb.h>

#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/formats/onnx/importer.h"

namespace tenon::test {

/// IR version 8, opset 17, an empty graph named "g".
inline onnx::ModelProto empty_model() {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(17);
  model.mutable_graph()->set_name("g");
  return model;
}

/// A node with the given names of inputs and outputs.
inline onnx::NodeProto& add_node(onnx::GraphProto& graph, const std::string& op, const std::vector<std::string>& inputs,
                                 const std::vector<std::string>& outputs) {
  onnx::NodeProto& node = *graph.add_node();
  node.set_op_type(op);
  node.set_name(op + "_" + outputs.at(0));
  for (const auto& name : inputs) node.add_input(name);
  for (const auto& name : outputs) node.add_output(name);
  return node;
}

inline void set_float_type(onnx::ValueInfoProto& info, const std::string& name, const std::vector<int64_t>& dims) {
  info.set_name(name);
  auto& type = *info.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  type.mutable_shape();
  for (int64_t d : dims) type.mutable_shape()->add_dim()->set_dim_value(d);
}

/// x (float 2x3) -> Relu -> y.
inline onnx::ModelProto relu_model() {
  onnx::ModelProto model = empty_model();
  set_float_type(*model.mutable_graph()->add_input(), "x", {2, 3});
  set_float_type(*model.mutable_graph()->add_output(), "y", {2, 3});
  add_node(*model.mutable_graph(), "Relu", {"x"}, {"y"});
  return model;
}

template <typename T>
std::string raw_bytes(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

/// An initializer without data.
inline onnx::TensorProto& add_initializer(onnx::GraphProto& graph, const std::string& name, int data_type,
                                          const std::vector<int64_t>& dims) {
  onnx::TensorProto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(data_type);
  for (int64_t d : dims) tensor.add_dims(d);
  return tensor;
}

/// Makes the tensor external.
inline void set_external(onnx::TensorProto& tensor, const std::vector<std::pair<std::string, std::string>>& entries) {
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  for (const auto& [key, value] : entries) {
    auto& entry = *tensor.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  }
}

/// Imports from memory that the result keeps alive.
inline host::Result<std::unique_ptr<host::Model>> import_text(std::string serialized,
                                                              const std::filesystem::path& folder = {},
                                                              const host::ImportOptions& options = {}) {
  auto owner = std::make_shared<std::string>(std::move(serialized));
  const auto bytes = std::as_bytes(std::span(owner->data(), owner->size()));
  return host::import_onnx_bytes(bytes, owner, folder, options);
}

inline host::Result<std::unique_ptr<host::Model>> import_proto(const onnx::ModelProto& model,
                                                               const std::filesystem::path& folder = {},
                                                               const host::ImportOptions& options = {}) {
  return import_text(model.SerializeAsString(), folder, options);
}

}  // namespace tenon::test
