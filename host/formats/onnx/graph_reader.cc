#include "host/formats/onnx/graph_reader.h"

#include <unordered_set>

#include "host/formats/onnx/type_reader.h"

namespace tenon::host {
namespace {

// The value of that name in this very graph, made where there is none.
Result<Value*> find_or_add(Graph& graph, const std::string& name) {
  if (Value* value = graph.find_value(name)) return value;
  return graph.add_value(name);
}

ValueType type_of(const Tensor& tensor) {
  ValueType type;
  type.dtype = tensor.dtype();
  type.dims.emplace();
  for (int64_t d : tensor.shape()) type.dims->push_back({d, ""});
  return type;
}

Status set_type(const onnx::ValueInfoProto& proto, const char* role, Value& value) {
  if (!proto.has_type() || value.is_constant()) return {};
  auto type = read_type(proto.type());
  if (!type.is_ok()) return type.status().with_context(concat(role, " '", proto.name(), "'"));
  value.type = std::move(type.value());
  return {};
}

// Models older than IR version 2 say only by the field in use what kind an attribute is.
onnx::AttributeProto::AttributeType attribute_type(const onnx::AttributeProto& proto) {
  using Type = onnx::AttributeProto;
  if (proto.type() != Type::UNDEFINED) return proto.type();
  if (proto.has_f()) return Type::FLOAT;
  if (proto.has_i()) return Type::INT;
  if (proto.has_s()) return Type::STRING;
  if (proto.has_t()) return Type::TENSOR;
  if (proto.has_g()) return Type::GRAPH;
  if (proto.has_tp()) return Type::TYPE_PROTO;
  if (proto.floats_size() > 0) return Type::FLOATS;
  if (proto.ints_size() > 0) return Type::INTS;
  if (proto.strings_size() > 0) return Type::STRINGS;
  if (proto.tensors_size() > 0) return Type::TENSORS;
  if (proto.graphs_size() > 0) return Type::GRAPHS;
  return Type::UNDEFINED;
}

}  // namespace

std::string fold_domain(const std::string& domain) {
  return domain == "ai.onnx" ? std::string() : domain;
}

Status GraphReader::read(const onnx::GraphProto& proto, Graph& graph) {
  graph.name = proto.name();
  TENON_RETURN_IF_ERROR(read_initializers(proto, graph));
  TENON_RETURN_IF_ERROR(read_inputs(proto, graph));
  // All outputs come before any input is looked up: nodes may stand in any order, and subgraphs see them too.
  std::vector<Node*> nodes;
  for (const auto& node_proto : proto.node()) {
    Node* node = graph.add_node();
    nodes.push_back(node);
    node->name = node_proto.name();
    node->domain = fold_domain(node_proto.domain());
    node->op_type = node_proto.op_type();
    for (const std::string& name : node_proto.output()) {
      node->outputs.push_back(nullptr);
      if (name.empty()) continue;
      TENON_ASSIGN_OR_RETURN(node->outputs.back(), find_or_add(graph, name));
    }
  }
  TENON_RETURN_IF_ERROR(read_outputs(proto, graph));
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (Status status = read_node(proto.node(static_cast<int>(i)), *nodes[i]); !status.is_ok()) return status;
  }
  return {};
}

Status GraphReader::read_initializers(const onnx::GraphProto& proto, Graph& graph) {
  for (int i = 0; i < proto.initializer_size(); ++i) {
    const auto& initializer = proto.initializer(i);
    if (initializer.name().empty())
      return error(TN_INVALID_MODEL, "initializer ", i, " has no name: nothing can refer to it; remove or name it");
    const std::string where = concat("initializer '", initializer.name(), "'");
    auto tensor = tensors_.read(initializer);
    if (!tensor.is_ok()) return tensor.status().with_context(where);
    auto value = graph.add_value(initializer.name());
    if (!value.is_ok()) return value.status().with_context(where);
    (*value)->type = type_of(*tensor);
    (*value)->constant = std::move(tensor.value());
  }
  for (const auto& sparse : proto.sparse_initializer())
    return error(TN_UNSUPPORTED, "initializer '", sparse.values().name(),
                 "' is sparse: export the model with dense initializers");
  return {};
}

Status GraphReader::read_inputs(const onnx::GraphProto& proto, Graph& graph) {
  for (int i = 0; i < proto.input_size(); ++i) {
    const auto& input = proto.input(i);
    if (input.name().empty()) return error(TN_INVALID_MODEL, "graph input ", i, " has no name: give it one");
    // An input with an initializer is a constant.
    if (const Value* known = graph.find_value(input.name()); known != nullptr && known->is_constant()) continue;
    auto value = graph.add_value(input.name());
    if (!value.is_ok()) return value.status().with_context(concat("graph input '", input.name(), "'"));
    TENON_RETURN_IF_ERROR(set_type(input, "graph input", **value));
    graph.inputs.push_back(*value);
  }
  return {};
}

Status GraphReader::read_outputs(const onnx::GraphProto& proto, Graph& graph) {
  const std::unordered_set<const Value*> inputs(graph.inputs.begin(), graph.inputs.end());
  for (const auto& info : proto.value_info()) {
    Value* value = graph.find_value(info.name());
    if (value != nullptr && !inputs.contains(value)) TENON_RETURN_IF_ERROR(set_type(info, "value", *value));
  }
  for (int i = 0; i < proto.output_size(); ++i) {
    const auto& output = proto.output(i);
    if (output.name().empty()) return error(TN_INVALID_MODEL, "graph output ", i, " has no name: give it one");
    Value* value = graph.find_value(output.name(), true);
    if (value == nullptr) {
      TENON_ASSIGN_OR_RETURN(value, graph.add_value(output.name()));
    }
    if (value->graph == &graph && !inputs.contains(value))
      TENON_RETURN_IF_ERROR(set_type(output, "graph output", *value));
    graph.outputs.push_back(value);
  }
  return {};
}

Status GraphReader::read_node(const onnx::NodeProto& proto, Node& node) {
  if (node.op_type.empty()) return error(TN_INVALID_MODEL, describe(node), ": it has no op_type");
  if (functions_.contains({node.domain, node.op_type}))
    return error(TN_UNSUPPORTED, describe(node), ": it calls the function '", node.op_type, "' of domain '",
                 node.domain,
                 "' that the model defines itself: inline it, for example with onnx.inliner.inline_local_functions");
  for (const std::string& name : proto.input()) {
    Value* value = nullptr;
    if (!name.empty()) {
      value = node.graph->find_value(name, true);
      if (value == nullptr) {
        TENON_ASSIGN_OR_RETURN(value, node.graph->add_value(name));
      }
    }
    node.inputs.push_back(value);
  }
  return read_attributes(proto, node);
}

Status GraphReader::read_attributes(const onnx::NodeProto& proto, Node& node) {
  std::unordered_set<std::string_view> names;
  for (const auto& attribute : proto.attribute()) {
    const auto where = [&] { return concat(describe(node), ": attribute '", attribute.name(), "'"); };
    if (!names.insert(attribute.name()).second)
      return error(TN_INVALID_MODEL, where(), " is given twice: remove one of them");
    auto payload = read_payload(attribute, *node.graph);
    if (!payload.is_ok()) return payload.status().with_context(where());
    node.attributes.push_back({attribute.name(), std::move(payload.value())});
  }
  return {};
}

Result<Attribute::Payload> GraphReader::read_payload(const onnx::AttributeProto& proto, Graph& graph) {
  using Type = onnx::AttributeProto;
  if (!proto.ref_attr_name().empty())
    return error(TN_INVALID_MODEL, "it refers to '", proto.ref_attr_name(),
                 "' of a function, but its node is in no function");
  switch (attribute_type(proto)) {
    case Type::FLOAT: return Attribute::Payload(proto.f());
    case Type::INT: return Attribute::Payload(static_cast<int64_t>(proto.i()));
    case Type::STRING: return Attribute::Payload(proto.s());
    case Type::FLOATS: return Attribute::Payload(std::vector<float>(proto.floats().begin(), proto.floats().end()));
    case Type::INTS: return Attribute::Payload(std::vector<int64_t>(proto.ints().begin(), proto.ints().end()));
    case Type::STRINGS:
      return Attribute::Payload(std::vector<std::string>(proto.strings().begin(), proto.strings().end()));
    case Type::TENSOR: {
      TENON_ASSIGN_OR_RETURN(Tensor tensor, tensors_.read(proto.t()));
      return Attribute::Payload(std::move(tensor));
    }
    case Type::TENSORS: {
      std::vector<Tensor> tensors;
      for (const auto& t : proto.tensors()) {
        TENON_ASSIGN_OR_RETURN(Tensor tensor, tensors_.read(t));
        tensors.push_back(std::move(tensor));
      }
      return Attribute::Payload(std::move(tensors));
    }
    case Type::GRAPH: {
      TENON_ASSIGN_OR_RETURN(auto subgraph, read_subgraph(proto.g(), graph));
      return Attribute::Payload(std::move(subgraph));
    }
    case Type::GRAPHS: {
      std::vector<std::shared_ptr<Graph>> subgraphs;
      for (const auto& g : proto.graphs()) {
        TENON_ASSIGN_OR_RETURN(auto subgraph, read_subgraph(g, graph));
        subgraphs.push_back(std::move(subgraph));
      }
      return Attribute::Payload(std::move(subgraphs));
    }
    case Type::TYPE_PROTO: {
      TENON_ASSIGN_OR_RETURN(ValueType type, read_type(proto.tp()));
      return Attribute::Payload(std::move(type));
    }
    case Type::UNDEFINED: return error(TN_INVALID_MODEL, "it has no value of a known kind");
    default:
      return error(TN_UNSUPPORTED, "it is of kind ", static_cast<int>(proto.type()),
                   " (sparse tensors or a list of types): use dense tensors");
  }
}

Result<std::shared_ptr<Graph>> GraphReader::read_subgraph(const onnx::GraphProto& proto, Graph& parent) {
  auto subgraph = std::make_shared<Graph>(&parent);
  TENON_RETURN_IF_ERROR(read(proto, *subgraph));
  return subgraph;
}

}  // namespace tenon::host
