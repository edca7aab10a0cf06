#include "host/isolation/graph_part.h"

#include <unordered_map>

#include "host/formats/ort/writer.h"
#include "host/packs/plan_reader.h"

namespace tenon::host {
namespace {

class PartMaker {
 public:
  explicit PartMaker(const Node& first) {
    const Graph* root = first.graph;
    while (root->parent() != nullptr) root = root->parent();
    model_.ir_version = kFirstIrVersionWithDefaults;
    if (root->opset_imports != nullptr) model_.opset_imports = *root->opset_imports;
    model_.graph = std::make_unique<Graph>();
  }

  Status add(const Node& node) {
    Node* const copy = model_.graph->add_node();
    copy->name = node.name;
    copy->domain = node.domain;
    copy->op_type = node.op_type;
    copy->since_version = node.since_version;
    copy->schema = node.schema;
    copy->attributes = node.attributes;
    // First, so that what no node before it has made is known to come from outside.
    TENON_RETURN_IF_ERROR(add_values(node.inputs, true, copy->inputs));
    TENON_RETURN_IF_ERROR(add_values(node.implicit_inputs, true, copy->implicit_inputs));
    return add_values(node.outputs, false, copy->outputs);
  }

  Status add_output(const Value& value) {
    TENON_ASSIGN_OR_RETURN(Value * output, copy_of(value, true));
    model_.graph->outputs.push_back(output);
    return {};
  }

  Result<GraphPart> write(const std::function<Result<Reached>(const Tensor&)>& reach) {
    GraphPart part;
    std::unordered_map<const Value*, int64_t> outside;
    for (const auto& value : model_.graph->values()) {
      if (!value->is_constant()) continue;
      const Tensor& tensor = *value->constant;
      const bool is_gone = tensor.data() == nullptr && tensor.element_count() > 0;
      if (tensor.dtype() == TN_STRING || (!is_gone && tensor.byte_length() <= kMostKeptBytes)) continue;
      TENON_ASSIGN_OR_RETURN(Reached reached, is_gone ? Result<Reached>(Reached()) : reach(tensor));
      outside.emplace(value.get(), static_cast<int64_t>(part.constants.size()));
      part.constants.push_back(std::move(reached));
    }
    OrtWriteOptions options;
    options.outside = [&](const Value& value) -> std::optional<int64_t> {
      const auto found = outside.find(&value);
      return found == outside.end() ? std::nullopt : std::optional<int64_t>(found->second);
    };
    TENON_ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, write_ort(model_, options));
    const auto* first = reinterpret_cast<const uint8_t*>(bytes.data());
    part.bytes.assign(first, first + bytes.size());
    return part;
  }

 private:
  Result<Value*> copy_of(const Value& value, bool is_read) {
    if (const auto found = copies_.find(&value); found != copies_.end()) return found->second;
    TENON_ASSIGN_OR_RETURN(Value * copy, model_.graph->add_value(value.name));
    copy->type = value.type;
    copy->constant = value.constant;
    copy->graph = model_.graph.get();
    if (is_read && !value.is_constant()) model_.graph->inputs.push_back(copy);
    copies_.emplace(&value, copy);
    return copy;
  }

  Status add_values(const std::vector<Value*>& values, bool is_read, std::vector<Value*>& copies) {
    for (const Value* value : values) {
      copies.push_back(nullptr);
      if (value == nullptr) continue;
      TENON_ASSIGN_OR_RETURN(copies.back(), copy_of(*value, is_read));
    }
    return {};
  }

  Model model_;
  std::unordered_map<const Value*, Value*> copies_;
};

}  // namespace

Result<GraphPart> write_graph_part(std::span<const Node* const> nodes, std::span<const Value* const> outputs,
                                   const std::function<Result<Reached>(const Tensor&)>& reach) {
  if (nodes.empty()) return GraphPart();
  PartMaker maker(*nodes.front());
  for (const Node* node : nodes) TENON_RETURN_IF_ERROR(maker.add(*node));
  for (const Value* output : outputs)
    if (output != nullptr) TENON_RETURN_IF_ERROR(maker.add_output(*output));
  return maker.write(reach);
}

}  // namespace tenon::host
