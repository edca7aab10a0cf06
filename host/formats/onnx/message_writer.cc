#include "host/formats/onnx/message_writer.h"

#include "host/formats/tensor_bytes.h"

namespace tenon::host {
namespace {

void write_tensor_type(const ValueType& type, onnx::TypeProto::Tensor& proto) {
  proto.set_elem_type(static_cast<int>(type.dtype));
  if (!type.dims) return;
  auto& shape = *proto.mutable_shape();
  for (const Dim& dim : *type.dims) {
    auto& entry = *shape.add_dim();
    if (dim.value >= 0) {
      entry.set_dim_value(dim.value);
    } else if (!dim.symbol.empty()) {
      entry.set_dim_param(dim.symbol);
    }
  }
}

// `held`: what a sequence or an optional of this kind holds, tensors in the end.
void write_type_of_kind(const ValueType& type, ValueType::Kind kind, ValueType::Kind held, onnx::TypeProto& proto) {
  constexpr auto kTensor = ValueType::Kind::kTensor;
  switch (kind) {
    case ValueType::Kind::kTensor: return write_tensor_type(type, *proto.mutable_tensor_type());
    case ValueType::Kind::kSparseTensor: {
      onnx::TypeProto::Tensor dense;
      write_tensor_type(type, dense);
      auto& sparse = *proto.mutable_sparse_tensor_type();
      sparse.set_elem_type(dense.elem_type());
      if (dense.has_shape()) *sparse.mutable_shape() = dense.shape();
      return;
    }
    case ValueType::Kind::kSequence:
      return write_type_of_kind(type, held, kTensor, *proto.mutable_sequence_type()->mutable_elem_type());
    case ValueType::Kind::kOptional:
      return write_type_of_kind(type, held, kTensor, *proto.mutable_optional_type()->mutable_elem_type());
    case ValueType::Kind::kMap:
      proto.mutable_map_type()->set_key_type(static_cast<int>(type.key));
      return write_type_of_kind(type, kTensor, kTensor, *proto.mutable_map_type()->mutable_value_type());
  }
}

void write_value_type(const ValueType& type, onnx::TypeProto& proto) {
  write_type_of_kind(type, type.kind, type.held, proto);
}

bool is_known(const ValueType& type) {
  return type.dtype != TN_UNDEFINED;
}

void write_value(const Value& value, onnx::ValueInfoProto& proto) {
  proto.set_name(value.name);
  if (is_known(value.type)) write_value_type(value.type, *proto.mutable_type());
}

struct AttributeWriter {
  onnx::AttributeProto& proto;
  const InitializerSink& sink;

  Status operator()(int64_t number) const {
    proto.set_type(onnx::AttributeProto::INT);
    proto.set_i(number);
    return {};
  }
  Status operator()(float number) const {
    proto.set_type(onnx::AttributeProto::FLOAT);
    proto.set_f(number);
    return {};
  }
  Status operator()(const std::string& text) const {
    proto.set_type(onnx::AttributeProto::STRING);
    proto.set_s(text);
    return {};
  }
  Status operator()(const Tensor& tensor) const {
    proto.set_type(onnx::AttributeProto::TENSOR);
    return write_tensor("", tensor, *proto.mutable_t());
  }
  Status operator()(const std::shared_ptr<Graph>& graph) const {
    proto.set_type(onnx::AttributeProto::GRAPH);
    return write_graph(*graph, sink, *proto.mutable_g());
  }
  Status operator()(const std::vector<int64_t>& list) const {
    proto.set_type(onnx::AttributeProto::INTS);
    proto.mutable_ints()->Add(list.begin(), list.end());
    return {};
  }
  Status operator()(const std::vector<float>& list) const {
    proto.set_type(onnx::AttributeProto::FLOATS);
    proto.mutable_floats()->Add(list.begin(), list.end());
    return {};
  }
  Status operator()(const std::vector<std::string>& list) const {
    proto.set_type(onnx::AttributeProto::STRINGS);
    for (const std::string& text : list) proto.add_strings(text);
    return {};
  }
  Status operator()(const std::vector<Tensor>& list) const {
    proto.set_type(onnx::AttributeProto::TENSORS);
    for (const Tensor& tensor : list) TENON_RETURN_IF_ERROR(write_tensor("", tensor, *proto.add_tensors()));
    return {};
  }
  Status operator()(const std::vector<std::shared_ptr<Graph>>& list) const {
    proto.set_type(onnx::AttributeProto::GRAPHS);
    for (const auto& graph : list) TENON_RETURN_IF_ERROR(write_graph(*graph, sink, *proto.add_graphs()));
    return {};
  }
  Status operator()(const ValueType& type) const {
    proto.set_type(onnx::AttributeProto::TYPE_PROTO);
    write_value_type(type, *proto.mutable_tp());
    return {};
  }
};

Status write_node(const Node& node, const InitializerSink& sink, onnx::NodeProto& proto) {
  proto.set_name(node.name);
  proto.set_domain(node.domain);
  proto.set_op_type(node.op_type);
  for (const Value* value : node.inputs) proto.add_input(value != nullptr ? value->name : "");
  for (const Value* value : node.outputs) proto.add_output(value != nullptr ? value->name : "");
  for (const Attribute& attribute : node.attributes) {
    onnx::AttributeProto& entry = *proto.add_attribute();
    entry.set_name(attribute.name);
    if (Status status = std::visit(AttributeWriter{entry, sink}, attribute.payload); !status.is_ok())
      return status.with_context(concat(describe(node), ": attribute '", attribute.name, "'"));
  }
  return {};
}

// A model that came without the opset of a domain gets the oldest that has all its operators.
void add_missing_opsets(const Model& model, std::map<std::string, int64_t>& opsets) {
  for (const Graph* graph : graph_tree(*model.graph))
    for (const auto& node : graph->nodes())
      if (!model.opset_imports.contains(node->domain)) {
        int64_t& version = opsets[node->domain];
        version = std::max<int64_t>({version, node->since_version, 1});
      }
}

}  // namespace

void write_header(const Model& model, onnx::ModelProto& proto) {
  proto.set_ir_version(model.ir_version);
  if (!model.producer_name.empty()) proto.set_producer_name(model.producer_name);
  if (!model.producer_version.empty()) proto.set_producer_version(model.producer_version);
  if (!model.domain.empty()) proto.set_domain(model.domain);
  if (!model.doc_string.empty()) proto.set_doc_string(model.doc_string);
  if (model.model_version != 0) proto.set_model_version(model.model_version);
  std::map<std::string, int64_t> opsets = model.opset_imports;
  add_missing_opsets(model, opsets);
  for (const auto& [domain, version] : opsets) {
    auto& entry = *proto.add_opset_import();
    entry.set_domain(domain);
    entry.set_version(version);
  }
  for (const auto& [key, value] : model.metadata) {
    auto& entry = *proto.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
}

Status write_graph(const Graph& graph, const InitializerSink& sink, onnx::GraphProto& proto) {
  // A graph has to have a name; the .ort format keeps none.
  proto.set_name(graph.name.empty() ? "graph" : graph.name);
  for (const Value* value : graph.inputs) write_value(*value, *proto.add_input());
  for (const Value* value : graph.outputs) write_value(*value, *proto.add_output());
  for (const auto& value : graph.values()) {
    if (value->stored() != nullptr) {
      TENON_RETURN_IF_ERROR(sink(proto, *value));
    } else if (value->producer != nullptr && is_known(value->type)) {
      write_value(*value, *proto.add_value_info());
    }
  }
  for (const auto& node : graph.nodes()) TENON_RETURN_IF_ERROR(write_node(*node, sink, *proto.add_node()));
  return {};
}

void write_tensor_header(const std::string& name, const Tensor& tensor, onnx::TensorProto& proto) {
  if (!name.empty()) proto.set_name(name);
  proto.set_data_type(static_cast<int>(tensor.dtype()));
  proto.mutable_dims()->Add(tensor.shape().begin(), tensor.shape().end());
}

Status write_tensor(const std::string& name, const Tensor& tensor, onnx::TensorProto& proto) {
  TENON_RETURN_IF_ERROR(check_data(name, tensor));
  write_tensor_header(name, tensor, proto);
  if (tensor.dtype() == TN_STRING) {
    for (int64_t i = 0; i < tensor.element_count(); ++i) proto.add_string_data(std::string(tensor.string_at(i)));
  } else if (tensor.byte_length() > 0) {
    proto.set_raw_data(tensor.data(), tensor.byte_length());
  } else {
    proto.set_raw_data("");
  }
  return {};
}

Status check_data(const std::string& name, const Tensor& tensor) {
  TENON_ASSIGN_OR_RETURN(const uint64_t expected, bytes_needed(tensor.dtype(), tensor.shape()));
  if (tensor.byte_length() == expected && (expected == 0 || tensor.data() != nullptr)) return {};
  return error(TN_INVALID_ARGUMENT, "tensor '", name, "' has ", tensor.byte_length(), " bytes of data, expected ",
               expected, ": they are gone; export the model before it is packed");
}

}  // namespace tenon::host
