#include "host/formats/ort/graph_writer.h"

#include <algorithm>
#include <tuple>
#include <unordered_set>

#include "host/formats/ort/value_types.h"
#include "host/formats/tensor_bytes.h"

namespace tenon::host::ort {
namespace {

namespace file = ort_file;

constexpr size_t kDataAlignment = 64;
// Room for the header and for what one table adds beside what is counted.
constexpr uint64_t kReserve = uint64_t{1} << 16;

std::vector<const Node*> pointers(const Graph& graph) {
  std::vector<const Node*> nodes;
  nodes.reserve(graph.nodes().size());
  for (const auto& node : graph.nodes()) nodes.push_back(node.get());
  return nodes;
}

// How many of the actual inputs stand for each formal one.
std::vector<int32_t> input_counts(const Node& node) {
  if (node.schema == nullptr) return std::vector<int32_t>(node.inputs.size(), 1);
  const auto formals = node.schema->inputs;
  std::vector<int32_t> counts(formals.size(), 0);
  for (size_t i = 0; i < formals.size() && i < node.inputs.size(); ++i)
    counts[i] = formals[i].arity == Arity::kVariadic ? static_cast<int32_t>(node.inputs.size() - i) : 1;
  return counts;
}

bool edge_before(const file::EdgeEnd& a, const file::EdgeEnd& b) {
  return std::tuple(a.node_index(), a.src_arg_index(), a.dst_arg_index()) <
         std::tuple(b.node_index(), b.src_arg_index(), b.dst_arg_index());
}

}  // namespace

Result<flatbuffers::Offset<file::Graph>> GraphWriter::write(const Graph& graph) {
  TENON_ASSIGN_OR_RETURN(const auto constants, write_constants(graph));
  TENON_ASSIGN_OR_RETURN(const auto values, write_values(graph));
  const std::vector<const Node*> sources = pointers(graph);
  Tables<file::Node> nodes;
  for (const Node* node : sources) {
    TENON_RETURN_IF_ERROR(check_visible(*node));
    TENON_ASSIGN_OR_RETURN(const auto table, write_node(*node, static_cast<uint32_t>(nodes.size())));
    nodes.push_back(table);
  }
  const auto edges = options_.interchange ? write_edges(sources) : Tables<file::NodeEdge>();
  const auto initializer_vector = builder_.CreateVector(constants);
  const auto value_vector = builder_.CreateVector(values);
  const auto node_vector = builder_.CreateVector(nodes);
  const auto edge_vector = builder_.CreateVector(edges);
  const Strings inputs = write_names(graph.inputs), outputs = write_names(graph.outputs);
  return file::CreateGraph(builder_, initializer_vector, value_vector, node_vector, static_cast<uint32_t>(nodes.size()),
                           edge_vector, inputs, outputs);
}

Result<GraphWriter::Tables<file::Tensor>> GraphWriter::write_constants(const Graph& graph) {
  Tables<file::Tensor> tables;
  for (const auto& value : graph.values()) {
    if (value->stored() == nullptr) continue;
    TENON_ASSIGN_OR_RETURN(const auto table, write_constant(*value));
    tables.push_back(table);
  }
  return tables;
}

// The graph's own values first, in their order; then those of outer graphs that its nodes and outputs name, and the one
// without a name that stands for inputs and outputs that are left out. Our own reader takes constants from their
// tensors.
Result<GraphWriter::Tables<file::ValueInfo>> GraphWriter::write_values(const Graph& graph) {
  Tables<file::ValueInfo> tables;
  const auto is_listed = [&](const Value& value) { return options_.interchange || !value.is_constant(); };
  for (const auto& value : graph.values()) {
    if (!is_listed(*value)) continue;
    TENON_ASSIGN_OR_RETURN(const auto table, write_value(*value));
    tables.push_back(table);
  }
  std::unordered_set<const Value*> seen;
  bool has_gaps = false;
  const auto visit = [&](const std::vector<Value*>& values) -> Status {
    for (const Value* value : values) {
      has_gaps = has_gaps || value == nullptr;
      if (value == nullptr || value->graph == &graph || !is_listed(*value) || !seen.insert(value).second) continue;
      TENON_ASSIGN_OR_RETURN(const auto table, write_value(*value));
      tables.push_back(table);
    }
    return {};
  };
  for (const auto& node : graph.nodes()) {
    TENON_RETURN_IF_ERROR(visit(node->inputs));
    TENON_RETURN_IF_ERROR(visit(node->outputs));
    TENON_RETURN_IF_ERROR(visit(node->implicit_inputs));
  }
  TENON_RETURN_IF_ERROR(visit(graph.outputs));
  if (has_gaps) tables.push_back(file::CreateValueInfo(builder_, shared("")));
  return tables;
}

Result<flatbuffers::Offset<file::ValueInfo>> GraphWriter::write_value(const Value& value) {
  if (options_.interchange) {
    const ValueType& type = value.type;
    if (type.kind == ValueType::Kind::kOptional || type.kind == ValueType::Kind::kSparseTensor ||
        type.kind == ValueType::Kind::kMap)
      return error(TN_UNSUPPORTED, "value '", value.name, "' is of type ", describe(type),
                   ", which an .ort file cannot say: keep the model as .onnx");
    if (type.dtype == TN_UNDEFINED)
      return error(TN_UNSUPPORTED, "the type of value '", value.name, "', ",
                   value.producer != nullptr ? "an output of " + describe(*value.producer) : "a graph input",
                   ", is unknown, and an .ort file has to say it: keep the model as .onnx, or give the value a "
                   "value_info");
  }
  const String name = shared(value.name);
  ValueType type = value.type;
  type.is_proven = type.is_proven && !options_.interchange;  // of no use to others
  return file::CreateValueInfo(builder_, name, 0, write_type(builder_, type));
}

GraphWriter::Strings GraphWriter::write_names(const std::vector<Value*>& values) {
  std::vector<String> names;
  names.reserve(values.size());
  for (const Value* value : values) names.push_back(shared(value != nullptr ? std::string_view(value->name) : ""));
  return builder_.CreateVector(names);
}

// A reader finds an outer value by its name, from the inside out.
Status GraphWriter::check_visible(const Node& node) const {
  for (const auto* values : {&node.inputs, &node.implicit_inputs})
    for (const Value* value : *values)
      if (value != nullptr && value->graph != node.graph && node.graph->find_value(value->name, true) != value)
        return error(TN_INTERNAL, describe(node), ": the outer value '", value->name,
                     "' is hidden by another of its name");
  return {};
}

Result<flatbuffers::Offset<file::Node>> GraphWriter::write_node(const Node& node, uint32_t index) {
  TENON_RETURN_IF_ERROR(check_room(node.name.size() + 64 * (node.inputs.size() + node.outputs.size())));
  Tables<file::Attribute> attributes;
  for (const Attribute& attribute : node.attributes) {
    TENON_ASSIGN_OR_RETURN(const auto table, write_attribute(node, attribute));
    attributes.push_back(table);
  }
  if (options_.interchange && node.schema != nullptr) kernel_types_.add(node);
  const String name = shared(node.name), domain = shared(node.domain), op_type = shared(node.op_type);
  const Strings inputs = write_names(node.inputs), outputs = write_names(node.outputs);
  const Strings implicit = write_names(node.implicit_inputs);
  const auto attribute_vector = builder_.CreateVector(attributes);
  const auto counts = builder_.CreateVector(options_.interchange ? input_counts(node) : std::vector<int32_t>());
  file::NodeBuilder table(builder_);
  table.add_name(name);
  table.add_domain(domain);
  table.add_since_version(node.since_version);
  table.add_index(index);
  table.add_op_type(op_type);
  table.add_inputs(inputs);
  table.add_outputs(outputs);
  table.add_attributes(attribute_vector);
  table.add_input_arg_counts(counts);
  table.add_implicit_inputs(implicit);
  return table.Finish();
}

GraphWriter::Tables<file::NodeEdge> GraphWriter::write_edges(const std::vector<const Node*>& nodes) {
  std::unordered_map<const Node*, uint32_t> index;
  for (const Node* node : nodes) index.emplace(node, static_cast<uint32_t>(index.size()));
  std::vector<std::vector<file::EdgeEnd>> in(nodes.size()), out(nodes.size());
  for (uint32_t i = 0; i < nodes.size(); ++i) {
    int32_t slot = 0;
    for (const auto* values : {&nodes[i]->inputs, &nodes[i]->implicit_inputs}) {
      for (const Value* value : *values) {
        const auto producer = value != nullptr ? index.find(value->producer) : index.end();
        if (producer != index.end()) {
          const auto from = static_cast<int32_t>(value->producer_output);
          in[i].emplace_back(producer->second, from, slot);
          out[producer->second].emplace_back(i, from, slot);
        }
        ++slot;
      }
    }
  }
  Tables<file::NodeEdge> tables;
  for (uint32_t i = 0; i < nodes.size(); ++i) {
    std::sort(in[i].begin(), in[i].end(), edge_before);
    std::sort(out[i].begin(), out[i].end(), edge_before);
    const auto inputs = builder_.CreateVectorOfStructs(in[i]), outputs = builder_.CreateVectorOfStructs(out[i]);
    tables.push_back(file::CreateNodeEdge(builder_, i, inputs, outputs));
  }
  return tables;
}

Result<flatbuffers::Offset<file::Tensor>> GraphWriter::write_constant(const Value& value) {
  const Tensor& tensor = *value.stored();
  const std::optional<int64_t> outside = options_.outside ? options_.outside(value) : std::nullopt;
  if (!outside) {
    auto table = write_tensor(value.name, tensor);
    if (!table.is_ok()) return table.status().with_context(concat("initializer '", value.name, "'"));
    return table;
  }
  const String name = shared(value.name);
  const auto dims = builder_.CreateVector(tensor.shape());
  return file::CreateTensor(builder_, name, 0, dims, static_cast<int32_t>(tensor.dtype()), 0, 0, *outside);
}

Result<flatbuffers::Offset<file::Tensor>> GraphWriter::write_tensor(std::string_view name, const Tensor& tensor) {
  const uint64_t bytes = tensor.byte_length();
  TENON_ASSIGN_OR_RETURN(const uint64_t expected, bytes_needed(tensor.dtype(), tensor.shape()));
  if (bytes != expected || (bytes > 0 && tensor.data() == nullptr))
    return error(TN_INVALID_ARGUMENT, "it has ", bytes, " bytes of data, expected ", expected,
                 ": they are gone, or lie outside without a place");
  flatbuffers::Offset<flatbuffers::Vector<uint8_t>> raw;
  Strings strings;
  if (tensor.dtype() == TN_STRING) {
    std::vector<String> copies;
    for (int64_t i = 0; i < tensor.element_count(); ++i) {
      const std::string_view text = tensor.string_at(i);
      TENON_RETURN_IF_ERROR(check_room(text.size() + 16));
      copies.push_back(builder_.CreateString(text.data(), text.size()));
    }
    strings = builder_.CreateVector(copies);
  } else {
    TENON_RETURN_IF_ERROR(check_room(bytes + kDataAlignment));
    builder_.PreAlign(bytes, kDataAlignment);  // ForceVectorAlignment asserts at most 16
    raw = builder_.CreateVector(static_cast<const uint8_t*>(tensor.data()), bytes);
  }
  const String label = shared(name);
  const auto dims = builder_.CreateVector(tensor.shape());
  return file::CreateTensor(builder_, label, 0, dims, static_cast<int32_t>(tensor.dtype()), raw, strings);
}

Status GraphWriter::check_room(uint64_t bytes) const {
  if (bytes + builder_.GetSize() + kReserve < FLATBUFFERS_MAX_BUFFER_SIZE) return {};
  return error(TN_UNSUPPORTED, "the model does not fit in the ", FLATBUFFERS_MAX_BUFFER_SIZE,
               " bytes where the .ort format ends: keep it as .onnx with external data");
}

}  // namespace tenon::host::ort
