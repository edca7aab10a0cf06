#include "host/formats/ort/exporter.h"

#include <algorithm>

#include "host/formats/ort/writer.h"
#include "host/graph/schema.h"
#include "host/graph/shape_inference.h"

namespace tenon::host {
namespace ort {
namespace {

template <typename T>
Result<Tensor> tensor_of(tn_dtype dtype, std::vector<int64_t> shape, std::span<const T> elements) {
  TENON_ASSIGN_OR_RETURN(Tensor tensor, Tensor::allocate(dtype, std::move(shape), Residence::kComputed));
  std::copy(elements.begin(), elements.end(), static_cast<T*>(tensor.mutable_data()));
  return tensor;
}

template <typename T>
std::vector<int64_t> length_of(const std::vector<T>& list) {
  return {static_cast<int64_t>(list.size())};
}

struct ToTensor {
  Result<Tensor> operator()(const Tensor& tensor) const { return tensor; }
  Result<Tensor> operator()(int64_t number) const { return tensor_of<int64_t>(TN_INT64, {}, std::span(&number, 1)); }
  Result<Tensor> operator()(float number) const { return tensor_of<float>(TN_FLOAT, {}, std::span(&number, 1)); }
  Result<Tensor> operator()(const std::vector<int64_t>& list) const {
    return tensor_of<int64_t>(TN_INT64, length_of(list), list);
  }
  Result<Tensor> operator()(const std::vector<float>& list) const {
    return tensor_of<float>(TN_FLOAT, length_of(list), list);
  }
  Result<Tensor> operator()(const std::string& text) const {
    return Tensor::from_strings({}, {text}, Residence::kComputed);
  }
  Result<Tensor> operator()(const std::vector<std::string>& list) const {
    return Tensor::from_strings(length_of(list), list, Residence::kComputed);
  }
  template <typename Other>
  Result<Tensor> operator()(const Other&) const {
    return error(TN_INVALID_MODEL, "its value is no tensor, number or text");
  }
};

bool is_operator(const Node& node, std::string_view op_type) {
  return node.domain.empty() && node.op_type == op_type;
}

// The tensor that a Constant node stands for, from whichever attribute holds it.
Result<Tensor> constant_of(const Node& node) {
  auto tensor = std::visit(ToTensor(), node.attributes[0].payload);
  return tensor.is_ok() ? tensor : tensor.status().with_context(describe(node));
}

Status fold_constant_nodes(Graph& graph) {
  for (const auto& node : graph.nodes()) {
    if (!is_operator(*node, "Constant") || node->attributes.size() != 1 || node->outputs.size() != 1) continue;
    TENON_ASSIGN_OR_RETURN(node->outputs[0]->constant, constant_of(*node));
    set_constant_type(*node->outputs[0]);
    graph.erase_node(*node);
  }
  graph.sweep();
  return {};
}

void lower_cast_like(const Model& model, Graph& graph) {
  const auto opset = model.opset_imports.find("");
  const OpSchema* cast = opset != model.opset_imports.end() ? find_schema("", "Cast", opset->second) : nullptr;
  if (cast == nullptr) return;
  for (const auto& node : graph.nodes()) {
    if (!is_operator(*node, "CastLike") || node->inputs.size() != 2 || node->inputs[1] == nullptr) continue;
    const tn_dtype target = node->inputs[1]->type.dtype;
    if (target == TN_UNDEFINED) continue;
    node->op_type = "Cast";
    node->schema = cast;
    node->since_version = cast->since_version;
    node->inputs.resize(1);
    node->attributes.push_back({"to", static_cast<int64_t>(target)});
  }
}

}  // namespace
}  // namespace ort

Status prepare_for_onnxruntime(Model& model) {
  TENON_RETURN_IF_ERROR(infer_shapes(model));
  for (Graph* graph : graph_tree(*model.graph)) {
    TENON_RETURN_IF_ERROR(ort::fold_constant_nodes(*graph));
    ort::lower_cast_like(model, *graph);
  }
  return model.graph->finish();
}

Status export_ort_file(Model& model, const std::filesystem::path& path) {
  TENON_RETURN_IF_ERROR(prepare_for_onnxruntime(model));
  return write_ort_file(model, path, {.interchange = true});
}

}  // namespace tenon::host
