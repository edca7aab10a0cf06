#include "host/formats/ort/graph_reader.h"

#include <algorithm>

#include "host/formats/ort/value_types.h"
#include "host/formats/ort/verify.h"

namespace tenon::host::ort {
namespace {

namespace file = ort_file;

// What a node or a value costs beside its names.
constexpr uint64_t kNodeBytes = 100;
constexpr uint64_t kValueBytes = 100;

template <typename Table>
using TableVector = flatbuffers::Vector<flatbuffers::Offset<Table>>;

// The tables of a vector that may be absent.
template <typename Table, typename Visit>
Status for_each_table(const TableVector<Table>* vector, Visit visit) {
  if (vector == nullptr) return {};
  for (const Table* table : *vector) TENON_RETURN_IF_ERROR(visit(*table));
  return {};
}

std::string fold_domain(std::string_view domain) {
  return domain == "ai.onnx" ? std::string() : std::string(domain);
}

ValueType type_of_tensor(const Tensor& tensor) {
  ValueType type;
  type.dtype = tensor.dtype();
  type.dims.emplace();
  for (int64_t d : tensor.shape()) type.dims->push_back({d, ""});
  return type;
}

Result<Value*> find_or_add_value(Graph& graph, std::string_view name, bool outer) {
  if (Value* value = graph.find_value(name, outer)) return value;
  return graph.add_value(std::string(name));
}

std::string_view sparse_name(const file::SparseTensor& sparse) {
  return sparse.values() != nullptr ? text(sparse.values()->name()) : std::string_view();
}

// The names of values that are of this graph rather than of one around it.
std::unordered_set<std::string_view> defined_names(const file::Graph& source) {
  std::unordered_set<std::string_view> names;
  const auto add_all = [&](const auto* strings) {
    if (strings != nullptr)
      for (const flatbuffers::String* name : *strings) names.insert(text(name));
  };
  if (source.initializers() != nullptr)
    for (const file::Tensor* tensor : *source.initializers()) names.insert(text(tensor->name()));
  if (source.sparse_initializers() != nullptr)
    for (const file::SparseTensor* sparse : *source.sparse_initializers()) names.insert(sparse_name(*sparse));
  add_all(source.inputs());
  if (source.nodes() != nullptr)
    for (const file::Node* node : *source.nodes()) add_all(node->outputs());
  return names;
}

}  // namespace

Status GraphReader::read(const file::Graph& source, Graph& graph) {
  if (source.runtime_optimizations() != nullptr)
    graph.notes.push_back("the file's saved runtime optimizations are not applied: they are optional");
  TENON_RETURN_IF_ERROR(declare_values(source, graph));
  TENON_RETURN_IF_ERROR(read_initializers(source, graph));
  TENON_RETURN_IF_ERROR(read_inputs(source, graph));
  declared_.clear();
  // All outputs come before any input is looked up: nodes may stand in any order, and subgraphs see them too.
  TENON_RETURN_IF_ERROR(
      for_each_table(source.nodes(), [&](const file::Node& node) { return declare_node(node, *graph.add_node()); }));
  TENON_RETURN_IF_ERROR(read_outputs(source, graph));
  size_t i = 0;
  return for_each_table(source.nodes(), [&](const file::Node& node) { return read_node(node, *graph.nodes()[i++]); });
}

// node_args lists the values of this graph, and in a subgraph also those of outer graphs that it reads.
Status GraphReader::declare_values(const file::Graph& source, Graph& graph) {
  const auto count = [](const auto* tables) { return tables != nullptr ? tables->size() : size_t{0}; };
  const size_t most =
      count(source.node_args()) + count(source.initializers()) + count(source.sparse_initializers());
  TENON_RETURN_IF_ERROR(budget_.charge(most * sizeof(Value*)));
  graph.reserve_values(most);
  const bool is_subgraph = graph.parent() != nullptr;
  const auto defined = is_subgraph ? defined_names(source) : std::unordered_set<std::string_view>();
  return for_each_table(source.node_args(), [&](const file::ValueInfo& info) -> Status {
    const std::string_view name = text(info.name());
    if (name.empty()) return {};
    if (is_subgraph && !defined.contains(name) && graph.parent()->find_value(name, true) != nullptr) return {};
    TENON_RETURN_IF_ERROR(budget_.charge(kValueBytes + 2 * name.size()));
    TENON_ASSIGN_OR_RETURN(Value* const value, graph.add_value(std::string(name)));
    if (info.type() == nullptr) return {};
    auto type = read_type(*info.type());
    if (!type.is_ok()) return type.status().with_context(concat("value '", name, "'"));
    value->type = std::move(*type);
    if (!is_subgraph) TENON_RETURN_IF_ERROR(keep_denotations(info, graph));
    return budget_.charge(value->type.dims ? value->type.dims->size() * sizeof(Dim) : 0);
  });
}

Status GraphReader::keep_denotations(const file::ValueInfo& info, Graph& graph) {
  const auto* tensor = info.type()->value_as_tensor_type();
  if (tensor == nullptr || tensor->shape() == nullptr || tensor->shape()->dims() == nullptr) return {};
  for (uint32_t i = 0; i < tensor->shape()->dims()->size(); ++i) {
    const file::Dimension* dim = tensor->shape()->dims()->Get(i);
    if (dim == nullptr || dim->denotation() == nullptr || dim->denotation()->size() == 0) continue;
    const std::string_view name = text(info.name()), denotation = text(dim->denotation());
    TENON_RETURN_IF_ERROR(budget_.charge(sizeof(DimDenotation) + name.size() + denotation.size()));
    graph.denotations.push_back({std::string(name), i, std::string(denotation)});
  }
  return {};
}

Status GraphReader::read_initializers(const file::Graph& source, Graph& graph) {
  std::unordered_set<std::string_view> overridable;
  if (has_defaults_ && graph.parent() == nullptr && source.inputs() != nullptr)
    for (const flatbuffers::String* input : *source.inputs()) overridable.insert(text(input));
  TENON_RETURN_IF_ERROR(for_each_table(source.initializers(), [&](const file::Tensor& initializer) {
    return add_initializer(text(initializer.name()), read_tensor(&initializer), overridable, graph);
  }));
  return for_each_table(source.sparse_initializers(), [&](const file::SparseTensor& sparse) {
    return add_initializer(sparse_name(sparse), read_sparse(sparse), overridable, graph);
  });
}

Status GraphReader::add_initializer(std::string_view name, Result<Tensor> tensor,
                                    const std::unordered_set<std::string_view>& overridable, Graph& graph) {
  if (name.empty()) return error(TN_INVALID_MODEL, "an initializer has no name: the file is damaged");
  const auto where = [&] { return concat("initializer '", name, "'"); };
  if (!tensor.is_ok()) return tensor.status().with_context(where());
  TENON_ASSIGN_OR_RETURN(Value* const value, find_or_add_value(graph, name, false));
  if (value->is_constant()) return error(TN_INVALID_MODEL, where(), " is given twice: the file is damaged");
  if (overridable.contains(name)) declared_.insert_or_assign(value, std::move(value->type));
  value->type = type_of_tensor(*tensor);
  value->constant = std::move(*tensor);
  return budget_.charge(kValueBytes + 2 * name.size());
}

Status GraphReader::read_inputs(const file::Graph& source, Graph& graph) {
  if (source.inputs() == nullptr) return {};
  std::unordered_set<const Value*> seen;
  for (const flatbuffers::String* input : *source.inputs()) {
    const std::string_view name = text(input);
    if (name.empty()) return error(TN_INVALID_MODEL, "a graph input has no name: the file is damaged");
    TENON_ASSIGN_OR_RETURN(Value* const value, find_or_add_value(graph, name, false));
    TENON_RETURN_IF_ERROR(budget_.charge(kValueBytes + 2 * name.size()));
    if (!seen.insert(value).second)
      return error(TN_INVALID_MODEL, "graph input '", name, "' is given twice: the file is damaged");
    if (value->is_constant()) {
      // Of a subgraph, whose inputs come by position, it is a constant.
      if (!has_defaults_ || graph.parent() != nullptr) continue;
      make_default(*value, std::move(declared_[value]));
    }
    graph.inputs.push_back(value);
  }
  return {};
}

Status GraphReader::read_outputs(const file::Graph& source, Graph& graph) {
  if (source.outputs() == nullptr) return {};
  for (const flatbuffers::String* output : *source.outputs())
    if (output->size() == 0) return error(TN_INVALID_MODEL, "a graph output has no name: the file is damaged");
  return read_names(source.outputs(), graph.outputs, graph, true);
}

Status GraphReader::declare_node(const file::Node& source, Node& node) {
  node.name = text(source.name());
  node.domain = fold_domain(text(source.domain()));
  node.op_type = text(source.op_type());
  node.since_version = source.since_version();
  TENON_RETURN_IF_ERROR(budget_.charge(kNodeBytes + node.name.size() + node.domain.size() + node.op_type.size()));
  TENON_RETURN_IF_ERROR(read_names(source.outputs(), node.outputs, *node.graph, false));
  if (node.op_type.empty()) return error(TN_INVALID_MODEL, describe(node), ": it has no op_type");
  if (node.since_version < 0)
    return error(TN_INVALID_MODEL, describe(node), ": its operator version is ", node.since_version,
                 ", expected 1 or more: the file is damaged");
  if (source.type() == file::NodeType::FUSED)
    return error(TN_UNSUPPORTED, describe(node), ": it stands for nodes that the execution provider '",
                 text(source.execution_provider_type()),
                 "' compiled when the model was converted: convert it again for the CPU, or use the .onnx model");
  return {};
}

Status GraphReader::read_node(const file::Node& source, Node& node) {
  TENON_RETURN_IF_ERROR(read_names(source.inputs(), node.inputs, *node.graph, true));
  return read_attributes(source, node);
}

// Appends the values of these names, made where there are none. `outer`: they may be of an outer graph.
Status GraphReader::read_names(const Names* names, std::vector<Value*>& values, Graph& graph, bool outer) {
  if (names == nullptr) return {};
  TENON_RETURN_IF_ERROR(budget_.charge(names->size() * sizeof(Value*)));
  values.reserve(names->size());
  for (const flatbuffers::String* name : *names) {
    TENON_RETURN_IF_ERROR(budget_.charge(name->size()));
    Value* value = nullptr;
    if (name->size() > 0) {
      TENON_ASSIGN_OR_RETURN(value, find_or_add_value(graph, text(name), outer));
    }
    values.push_back(value);
  }
  return {};
}

Status GraphReader::read_attributes(const file::Node& source, Node& node) {
  if (source.attributes() != nullptr) {
    TENON_RETURN_IF_ERROR(budget_.charge(source.attributes()->size() * sizeof(Attribute)));
    node.attributes.reserve(source.attributes()->size());
  }
  return for_each_table(source.attributes(), [&](const file::Attribute& attribute) -> Status {
    const std::string_view name = text(attribute.name());
    TENON_RETURN_IF_ERROR(budget_.charge(name.size()));
    auto payload = read_payload(attribute, *node.graph);
    if (!payload.is_ok()) return payload.status().with_context(concat(describe(node), ": attribute '", name, "'"));
    node.attributes.push_back({std::string(name), std::move(*payload)});
    return {};
  });
}

Result<Attribute::Payload> GraphReader::read_payload(const file::Attribute& source, Graph& graph) {
  using Payload = Attribute::Payload;
  using Type = file::AttributeType;
  switch (source.type()) {
    case Type::FLOAT: return Payload(source.f());
    case Type::INT: return Payload(source.i());
    case Type::STRING: {
      TENON_RETURN_IF_ERROR(budget_.charge(text(source.s()).size()));
      return Payload(std::string(text(source.s())));
    }
    case Type::FLOATS: {
      if (source.floats() != nullptr) TENON_RETURN_IF_ERROR(budget_.charge(source.floats()->size() * sizeof(float)));
      return Payload(copy_numbers(source.floats()));
    }
    case Type::INTS: {
      if (source.ints() != nullptr) TENON_RETURN_IF_ERROR(budget_.charge(source.ints()->size() * sizeof(int64_t)));
      return Payload(copy_numbers(source.ints()));
    }
    case Type::STRINGS: {
      std::vector<std::string> strings;
      if (source.strings() == nullptr) return Payload(std::move(strings));
      for (const flatbuffers::String* string : *source.strings()) {
        TENON_RETURN_IF_ERROR(budget_.charge(sizeof(std::string) + string->size()));
        strings.emplace_back(text(string));
      }
      return Payload(std::move(strings));
    }
    case Type::TENSOR: {
      TENON_ASSIGN_OR_RETURN(Tensor tensor, read_tensor(source.t()));
      return Payload(std::move(tensor));
    }
    case Type::TENSORS: {
      std::vector<Tensor> tensors;
      TENON_RETURN_IF_ERROR(for_each_table(source.tensors(), [&](const file::Tensor& table) -> Status {
        TENON_ASSIGN_OR_RETURN(Tensor tensor, read_tensor(&table));
        tensors.push_back(std::move(tensor));
        return {};
      }));
      return Payload(std::move(tensors));
    }
    case Type::GRAPH: {
      TENON_ASSIGN_OR_RETURN(auto subgraph, read_subgraph(source.g(), graph));
      return Payload(std::move(subgraph));
    }
    case Type::GRAPHS: {
      std::vector<std::shared_ptr<Graph>> subgraphs;
      TENON_RETURN_IF_ERROR(for_each_table(source.graphs(), [&](const file::Graph& table) -> Status {
        TENON_ASSIGN_OR_RETURN(auto subgraph, read_subgraph(&table, graph));
        subgraphs.push_back(std::move(subgraph));
        return {};
      }));
      return Payload(std::move(subgraphs));
    }
    case Type::TYPE: {
      TENON_ASSIGN_OR_RETURN(ValueType type, read_type_attribute(source));
      return Payload(std::move(type));
    }
    case Type::UNDEFINED: return error(TN_INVALID_MODEL, "it has no value of a known kind: the file is damaged");
    case Type::SPARSE_TENSOR:
    case Type::SPARSE_TENSORS: break;
  }
  return error(TN_UNSUPPORTED, "it is of kind ", static_cast<int>(source.type()),
               " (sparse tensors, or newer than this build): export the model with dense tensors");
}

Result<std::shared_ptr<Graph>> GraphReader::read_subgraph(const file::Graph* source, Graph& parent) {
  if (source == nullptr) return error(TN_INVALID_MODEL, "it holds no graph: the file is damaged");
  if (subgraph_depth_ >= kMaxSubgraphDepth)
    return error(TN_INVALID_MODEL, "subgraphs nest deeper than ", kMaxSubgraphDepth,
                 " levels, the most that Tenon reads: flatten the model's If, Loop and Scan nodes");
  auto subgraph = std::make_shared<Graph>(&parent);
  TENON_RETURN_IF_ERROR(budget_.charge(sizeof(Graph)));
  ++subgraph_depth_;
  TENON_RETURN_IF_ERROR(read(*source, *subgraph));
  --subgraph_depth_;
  return subgraph;
}

Result<ValueType> GraphReader::read_type_attribute(const file::Attribute& source) {
  const auto* values = source.g() != nullptr ? source.g()->node_args() : nullptr;
  if (values == nullptr || values->size() != 1 || values->Get(0)->type() == nullptr)
    return error(TN_INVALID_MODEL, "it holds no type: the file is damaged");
  TENON_ASSIGN_OR_RETURN(ValueType type, read_type(*values->Get(0)->type()));
  TENON_RETURN_IF_ERROR(budget_.charge(type.dims ? type.dims->size() * sizeof(Dim) : 0));
  return type;
}

}  // namespace tenon::host::ort
