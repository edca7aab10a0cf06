#include "host/formats/onnx/graph_reader.h"

#include <unordered_set>

#include "host/formats/given_initializers.h"
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

Result<ValueType> declared_type(const onnx::ValueInfoProto& proto, const char* role) {
  if (!proto.has_type()) return ValueType();
  auto type = read_type(proto.type());
  return type.is_ok() ? type : type.status().with_context(concat(role, " '", proto.name(), "'"));
}

Status set_type(const onnx::ValueInfoProto& proto, const char* role, Value& value) {
  if (!proto.has_type() || value.is_constant()) return {};
  TENON_ASSIGN_OR_RETURN(value.type, declared_type(proto, role));
  return {};
}

void keep_denotations(const onnx::ValueInfoProto& input, Graph& graph) {
  const auto& dims = input.type().tensor_type().shape().dim();
  for (int i = 0; i < dims.size(); ++i)
    if (!dims[i].denotation().empty())
      graph.denotations.push_back({input.name(), static_cast<size_t>(i), dims[i].denotation()});
}

}  // namespace

// Models older than IR version 2 say only by the field in use what kind an attribute is.
onnx::AttributeProto::AttributeType attribute_type(const onnx::AttributeProto& proto) {
  using Type = onnx::AttributeProto;
  if (proto.type() != Type::UNDEFINED) return proto.type();
  if (proto.has_f()) return Type::FLOAT;
  if (proto.has_i()) return Type::INT;
  if (proto.has_s()) return Type::STRING;
  if (proto.has_t()) return Type::TENSOR;
  if (proto.has_g()) return Type::GRAPH;
  if (proto.has_sparse_tensor()) return Type::SPARSE_TENSOR;
  if (proto.has_tp()) return Type::TYPE_PROTO;
  if (proto.floats_size() > 0) return Type::FLOATS;
  if (proto.ints_size() > 0) return Type::INTS;
  if (proto.strings_size() > 0) return Type::STRINGS;
  if (proto.tensors_size() > 0) return Type::TENSORS;
  if (proto.graphs_size() > 0) return Type::GRAPHS;
  return Type::UNDEFINED;
}

Status GraphReader::read(const onnx::GraphProto& proto, Graph& graph) {
  graph.name = proto.name();
  TENON_RETURN_IF_ERROR(read_initializers(proto, graph));
  TENON_RETURN_IF_ERROR(read_inputs(proto, graph));
  if (scope_ != nullptr) {
    const auto nodes = static_cast<uint64_t>(proto.node_size());
    TENON_RETURN_IF_ERROR(charge(nodes, nodes * scope_->prefix.size()));
  }
  // All outputs come before any input is looked up: nodes may stand in any order, and subgraphs see them too.
  TENON_ASSIGN_OR_RETURN(auto nodes, declare_nodes(proto.node(), graph));
  TENON_RETURN_IF_ERROR(read_outputs(proto, graph));
  return read_nodes(nodes);
}

Result<std::optional<Tensor>> GraphReader::given_tensor(const onnx::TensorProto& proto, std::vector<int64_t> dims,
                                                        const Graph& graph) const {
  if (graph.parent() != nullptr || given_.empty()) return std::optional<Tensor>();
  TENON_ASSIGN_OR_RETURN(const tn_dtype dtype, read_element_type(proto.data_type()));
  return given_initializer(given_, proto.name(), dtype, dims);
}

Result<Tensor> GraphReader::read_initializer(const onnx::TensorProto& proto, const Graph& graph) {
  TENON_ASSIGN_OR_RETURN(auto given, given_tensor(proto, {proto.dims().begin(), proto.dims().end()}, graph));
  return given ? Result<Tensor>(std::move(*given)) : read_tensor(proto);
}

Result<Tensor> GraphReader::read_initializer(const onnx::SparseTensorProto& proto, const Graph& graph) {
  TENON_ASSIGN_OR_RETURN(auto given, given_tensor(proto.values(), {proto.dims().begin(), proto.dims().end()}, graph));
  return given ? Result<Tensor>(std::move(*given)) : tensors_.read_sparse(proto);
}

template <typename Proto>
Status GraphReader::add_initializer(const Proto& proto, const std::string& name, Graph& graph) {
  const std::string where = concat("initializer '", name, "'");
  auto tensor = read_initializer(proto, graph);
  if (!tensor.is_ok()) return tensor.status().with_context(where);
  auto value = graph.add_value(name);
  if (!value.is_ok()) return value.status().with_context(where);
  (*value)->type = type_of(*tensor);
  (*value)->constant = std::move(tensor.value());
  return {};
}

Status GraphReader::read_initializers(const onnx::GraphProto& proto, Graph& graph) {
  const auto no_name = [](const char* kind, int i) {
    return error(TN_INVALID_MODEL, kind, " ", i, " has no name: nothing can refer to it; remove or name it");
  };
  for (int i = 0; i < proto.initializer_size(); ++i) {
    const std::string& name = proto.initializer(i).name();
    if (name.empty()) return no_name("initializer", i);
    TENON_RETURN_IF_ERROR(add_initializer(proto.initializer(i), name, graph));
  }
  for (int i = 0; i < proto.sparse_initializer_size(); ++i) {
    const std::string& name = proto.sparse_initializer(i).values().name();
    if (name.empty()) return no_name("sparse initializer", i);
    TENON_RETURN_IF_ERROR(add_initializer(proto.sparse_initializer(i), name, graph));
  }
  return {};
}

Status GraphReader::read_inputs(const onnx::GraphProto& proto, Graph& graph) {
  for (int i = 0; i < proto.input_size(); ++i) {
    const auto& input = proto.input(i);
    if (input.name().empty()) return error(TN_INVALID_MODEL, "graph input ", i, " has no name: give it one");
    if (Value* known = graph.find_value(input.name()); known != nullptr && known->is_constant()) {
      // Of a subgraph, whose inputs come by position, it is a constant.
      if (!has_defaults_ || graph.parent() != nullptr) continue;
      TENON_ASSIGN_OR_RETURN(ValueType declared, declared_type(input, "graph input"));
      make_default(*known, std::move(declared));
      graph.inputs.push_back(known);
      continue;
    }
    auto value = graph.add_value(input.name());
    if (!value.is_ok()) return value.status().with_context(concat("graph input '", input.name(), "'"));
    TENON_RETURN_IF_ERROR(set_type(input, "graph input", **value));
    graph.inputs.push_back(*value);
    if (graph.parent() == nullptr) keep_denotations(input, graph);
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
    const std::optional<Value*> found = find_value(graph, output.name());
    if (found && *found == nullptr)
      return error(TN_INVALID_MODEL, "graph output '", output.name(), "' is an input of ", describe(scope_->function),
                   " that its call leaves out: give the call that input");
    Value* value = found.value_or(nullptr);
    if (value == nullptr) {
      TENON_ASSIGN_OR_RETURN(value, graph.add_value(output.name()));
    }
    if (value->graph == &graph && !inputs.contains(value))
      TENON_RETURN_IF_ERROR(set_type(output, "graph output", *value));
    graph.outputs.push_back(value);
  }
  return {};
}

Result<std::vector<GraphReader::Pending>> GraphReader::declare_nodes(
    const google::protobuf::RepeatedPtrField<onnx::NodeProto>& protos, Graph& graph) {
  std::vector<Pending> nodes;
  for (const auto& proto : protos) {
    Pending pending;
    pending.proto = &proto;
    pending.function = functions_.find(proto);
    if (pending.function != nullptr) {
      pending.call = std::make_unique<Node>();
      pending.call->graph = &graph;
    }
    Node* node = pending.node = pending.function != nullptr ? pending.call.get() : graph.add_node();
    if (!proto.name().empty()) node->name = scope_ == nullptr ? proto.name() : scope_->prefix + "/" + proto.name();
    node->domain = fold_domain(proto.domain());
    node->op_type = proto.op_type();
    for (const std::string& name : proto.output()) {
      node->outputs.push_back(nullptr);
      if (name.empty()) continue;
      TENON_ASSIGN_OR_RETURN(node->outputs.back(), declare_output(*node, name));
    }
    nodes.push_back(std::move(pending));
  }
  return nodes;
}

Result<Value*> GraphReader::declare_output(const Node& node, const std::string& name) {
  return is_body(*node.graph) ? declare_in_body(node, name) : find_or_add(*node.graph, name);
}

// Bodies come last, so that no name of the file finds a value of theirs.
Status GraphReader::read_nodes(std::vector<Pending>& nodes) {
  for (const Pending& pending : nodes) TENON_RETURN_IF_ERROR(read_node(pending));
  for (const Pending& pending : nodes)
    if (pending.function != nullptr) TENON_RETURN_IF_ERROR(inline_call(pending));
  return {};
}

Status GraphReader::read_node(const Pending& pending) {
  Node& node = *pending.node;
  if (node.op_type.empty()) return error(TN_INVALID_MODEL, describe(node), ": it has no op_type");
  for (const std::string& name : pending.proto->input()) {
    node.inputs.push_back(nullptr);
    if (name.empty()) continue;
    if (const auto found = find_value(*node.graph, name)) {
      node.inputs.back() = *found;
    } else if (is_body(*node.graph)) {
      return error(TN_INVALID_MODEL, describe(node), ": it reads '", name, "', which is neither an input of ",
                   describe(scope_->function), " nor computed there: correct the function");
    } else {
      TENON_ASSIGN_OR_RETURN(node.inputs.back(), node.graph->add_value(name));
    }
  }
  return pending.function != nullptr ? Status() : read_attributes(*pending.proto, node);
}

// A body sees its own names and the function's inputs; nothing around the call.
std::optional<Value*> GraphReader::find_value(const Graph& graph, const std::string& name) const {
  if (scope_ == nullptr) {
    Value* value = graph.find_value(name, true);
    return value != nullptr ? std::optional(value) : std::nullopt;
  }
  for (const Graph* inner = &graph; inner != &scope_->graph; inner = inner->parent())
    if (Value* value = inner->find_value(name)) return value;
  const auto known = scope_->names.find(name);
  return known != scope_->names.end() ? std::optional(known->second) : std::nullopt;
}

Result<Tensor> GraphReader::read_tensor(const onnx::TensorProto& proto) {
  if (scope_ == nullptr) return tensors_.read(proto);
  if (const auto known = function_tensors_.find(&proto); known != function_tensors_.end()) return known->second;
  auto tensor = tensors_.read(proto);
  if (tensor.is_ok()) function_tensors_.emplace(&proto, *tensor);
  return tensor;
}

Status GraphReader::read_attributes(const onnx::NodeProto& proto, Node& node) {
  std::unordered_set<std::string_view> names;
  for (const auto& attribute : proto.attribute()) {
    const auto where = [&] { return concat(describe(node), ": attribute '", attribute.name(), "'"); };
    if (!names.insert(attribute.name()).second)
      return error(TN_INVALID_MODEL, where(), " is given twice: remove one of them");
    const onnx::AttributeProto* given = &attribute;
    if (!attribute.ref_attr_name().empty()) {
      auto resolved = resolve(attribute);
      if (!resolved.is_ok()) return resolved.status().with_context(where());
      given = *resolved;
    }
    if (given == nullptr) continue;
    auto payload = read_payload(*given, *node.graph);
    if (!payload.is_ok()) return payload.status().with_context(where());
    // Dense, a Constant's sparse_value is what its value is.
    const bool is_sparse_value = given->has_sparse_tensor() && attribute.name() == "sparse_value";
    node.attributes.push_back({is_sparse_value ? "value" : attribute.name(), std::move(payload.value())});
  }
  return {};
}

Result<Attribute::Payload> GraphReader::read_payload(const onnx::AttributeProto& proto, Graph& graph) {
  using Type = onnx::AttributeProto;
  switch (attribute_type(proto)) {
    case Type::FLOAT: return Attribute::Payload(proto.f());
    case Type::INT: return Attribute::Payload(static_cast<int64_t>(proto.i()));
    case Type::STRING: return Attribute::Payload(proto.s());
    case Type::FLOATS: return Attribute::Payload(std::vector<float>(proto.floats().begin(), proto.floats().end()));
    case Type::INTS: return Attribute::Payload(std::vector<int64_t>(proto.ints().begin(), proto.ints().end()));
    case Type::STRINGS:
      return Attribute::Payload(std::vector<std::string>(proto.strings().begin(), proto.strings().end()));
    case Type::TENSOR: {
      TENON_ASSIGN_OR_RETURN(Tensor tensor, read_tensor(proto.t()));
      return Attribute::Payload(std::move(tensor));
    }
    case Type::SPARSE_TENSOR: {
      TENON_ASSIGN_OR_RETURN(Tensor tensor, tensors_.read_sparse(proto.sparse_tensor()));
      return Attribute::Payload(std::move(tensor));
    }
    case Type::TENSORS: {
      std::vector<Tensor> tensors;
      for (const auto& t : proto.tensors()) {
        TENON_ASSIGN_OR_RETURN(Tensor tensor, read_tensor(t));
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
                   " (a list of sparse tensors or of types): use dense tensors");
  }
}

Result<std::shared_ptr<Graph>> GraphReader::read_subgraph(const onnx::GraphProto& proto, Graph& parent) {
  if (subgraph_depth_ >= onnx_wire::kMaxSubgraphDepth)
    return error(TN_INVALID_MODEL, "subgraphs nest deeper than ", onnx_wire::kMaxSubgraphDepth,
                 " levels once the model's functions are inlined, the most that Tenon reads: flatten them");
  auto subgraph = std::make_shared<Graph>(&parent);
  ++subgraph_depth_;
  TENON_RETURN_IF_ERROR(read(proto, *subgraph));
  --subgraph_depth_;
  return subgraph;
}

}  // namespace tenon::host
