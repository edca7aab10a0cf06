#include "host/graph/graph.h"

#include <algorithm>

#include "host/base/dtype.h"
#include "host/graph/schemas/op_schema.h"

namespace tenon::host {
namespace {

// `Default`: how the schema holds a T.
template <typename T, typename Default = T>
std::optional<T> attribute_of(const Node& node, std::string_view name) {
  if (const Attribute* given = node.find_attribute(name)) {
    const T* payload = std::get_if<T>(&given->payload);
    return payload != nullptr ? std::optional<T>(*payload) : std::nullopt;
  }
  const auto* value = default_of<Default>(node.schema, name);
  if (value == nullptr) return std::nullopt;
  if constexpr (std::is_same_v<T, Default>)
    return *value;
  else
    return T(value->begin(), value->end());
}

std::string dims_text(const std::vector<Dim>& dims) {
  std::string text;
  for (const Dim& d : dims) {
    if (&d != dims.data()) text += ',';
    text += d.value >= 0 ? std::to_string(d.value) : d.symbol.empty() ? "?" : d.symbol;
  }
  return text;
}

}  // namespace

ElementType element_type(const ValueType& type) {
  return {type.kind, type.dtype, type.held, type.key};
}

ElementType held_type(const ElementType& type) {
  return {type.held, type.dtype, ValueType::Kind::kTensor,
          type.held == ValueType::Kind::kMap ? type.key : TN_UNDEFINED};
}

bool fits(const ElementType& type, const ElementType& declared) {
  if (type.kind != declared.kind) return false;
  if (type.dtype == TN_UNDEFINED || declared.dtype == TN_UNDEFINED) return true;
  return type == declared;
}

std::string describe(const ElementType& type) {
  switch (type.kind) {
    case ValueType::Kind::kTensor: return dtype_name(type.dtype);
    case ValueType::Kind::kSequence: return "sequence(" + describe(held_type(type)) + ")";
    case ValueType::Kind::kOptional: return "optional(" + describe(held_type(type)) + ")";
    case ValueType::Kind::kMap: return concat("map(", dtype_name(type.key), ", ", dtype_name(type.dtype), ")");
    case ValueType::Kind::kSparseTensor: return "sparse(" + dtype_name(type.dtype) + ")";
  }
  return "unknown";
}

std::string onnx_type(const ElementType& type) {
  switch (type.kind) {
    case ValueType::Kind::kTensor: return "tensor(" + dtype_name(type.dtype) + ")";
    case ValueType::Kind::kSequence: return "seq(" + onnx_type(held_type(type)) + ")";
    case ValueType::Kind::kOptional: return "optional(" + onnx_type(held_type(type)) + ")";
    case ValueType::Kind::kMap: return concat("map(", dtype_name(type.key), ",tensor(", dtype_name(type.dtype), "))");
    case ValueType::Kind::kSparseTensor: return "sparse_tensor(" + dtype_name(type.dtype) + ")";
  }
  return "unknown";
}

std::string describe(const ValueType& type) {
  if (type.kind != ValueType::Kind::kTensor) return describe(element_type(type));
  return dtype_name(type.dtype) + "[" + (type.dims ? dims_text(*type.dims) : "...") + "]";
}

std::optional<std::vector<int64_t>> numeric_shape(const ValueType& type) {
  if (!type.dims) return std::nullopt;
  std::vector<int64_t> shape;
  shape.reserve(type.dims->size());
  for (const Dim& d : *type.dims) shape.push_back(d.value);
  return shape;
}

const Attribute* Node::find_attribute(std::string_view attribute) const {
  for (const Attribute& a : attributes)
    if (a.name == attribute) return &a;
  return nullptr;
}

std::optional<int64_t> Node::int_attribute(std::string_view attribute) const {
  return attribute_of<int64_t>(*this, attribute);
}

std::optional<std::vector<int64_t>> Node::ints_attribute(std::string_view attribute) const {
  return attribute_of<std::vector<int64_t>, IntsDefault>(*this, attribute);
}

std::optional<std::string> Node::string_attribute(std::string_view attribute) const {
  return attribute_of<std::string, std::string_view>(*this, attribute);
}

int64_t opset_of(const Node& node) {
  const Graph* root = node.graph;
  while (root != nullptr && root->parent() != nullptr) root = root->parent();
  if (root == nullptr || root->opset_imports == nullptr) return 0;
  const auto import = root->opset_imports->find(node.domain);
  return import == root->opset_imports->end() ? 0 : import->second;
}

std::string describe(const Node& node) {
  std::string text = "node ";
  const auto named =
      std::find_if(node.outputs.begin(), node.outputs.end(), [](const Value* v) { return v != nullptr; });
  if (!node.name.empty()) {
    text += "'" + node.name + "'";
  } else if (named != node.outputs.end()) {
    text += "that computes '" + (*named)->name + "'";
  } else {
    text += "without name";
  }
  text += " (" + (node.domain.empty() ? "" : node.domain + ".") + node.op_type;
  if (node.since_version > 0) text += ", opset " + std::to_string(node.since_version);
  return text + ")";
}

void rename_shadowing_values(Graph& root) {
  std::unordered_map<std::string, size_t> serials;  // of each name: what was tried last, so that none is tried twice
  for (Graph* graph : graph_tree(root)) {
    if (graph->parent() == nullptr) continue;
    for (const auto& value : graph->values()) {
      if (graph->parent()->find_value(value->name, true) == nullptr) continue;
      size_t& serial = serials[value->name];
      std::string fresh;
      do fresh = concat(value->name, "_", ++serial);
      while (graph->find_value(fresh, true) != nullptr);
      graph->rename(*value, std::move(fresh));
    }
  }
}

void make_default(Value& input, ValueType declared) {
  const std::vector<int64_t>& shape = input.constant->shape();
  const auto fits = [](const Dim& d, int64_t size) { return d.value < 0 || d.value == size; };
  const bool has_shape =
      !declared.dims || std::equal(declared.dims->begin(), declared.dims->end(), shape.begin(), shape.end(), fits);
  if (declared.kind == ValueType::Kind::kTensor && has_shape &&
      (declared.dtype == TN_UNDEFINED || declared.dtype == input.constant->dtype())) {
    declared.dtype = input.constant->dtype();
    input.type = std::move(declared);
  } else {
    input.graph->notes.push_back(concat("input '", input.name, "' is declared ", describe(declared),
                                        ", its initializer is ", describe(input.type),
                                        ": the initializer's type is used"));
  }
  input.default_value = std::make_unique<Tensor>(std::move(*input.constant));
  input.constant.reset();
}

bool has_subgraph(const Node& node) {
  return std::any_of(node.attributes.begin(), node.attributes.end(), [](const Attribute& a) {
    return std::holds_alternative<std::shared_ptr<Graph>>(a.payload) ||
           std::holds_alternative<std::vector<std::shared_ptr<Graph>>>(a.payload);
  });
}

std::vector<Graph*> subgraphs(const Node& node) {
  std::vector<Graph*> found;
  for (const Attribute& a : node.attributes) {
    if (const auto* one = std::get_if<std::shared_ptr<Graph>>(&a.payload)) {
      if (*one) found.push_back(one->get());
    } else if (const auto* many = std::get_if<std::vector<std::shared_ptr<Graph>>>(&a.payload)) {
      for (const auto& graph : *many)
        if (graph) found.push_back(graph.get());
    }
  }
  return found;
}

std::vector<Graph*> graph_tree(Graph& root) {
  std::vector<Graph*> tree{&root};
  for (size_t i = 0; i < tree.size(); ++i)
    for (const auto& node : tree[i]->nodes())
      if (node->graph != nullptr)
        for (Graph* sub : subgraphs(*node)) tree.push_back(sub);
  return tree;
}

std::string Graph::unused_name() const {
  size_t serial = values_.size();
  std::string made;
  do made = "tenon_value_" + std::to_string(serial++);
  while (find_value(made, true) != nullptr);
  return made;
}

Result<Value*> Graph::add_value(std::string value_name) {
  if (value_name.empty()) value_name = unused_name();
  auto value = std::make_unique<Value>();
  value->name = std::move(value_name);
  value->graph = this;
  if (!by_name_.try_emplace(value->name, value.get()).second)
    return error(TN_INVALID_MODEL, "graph '", name, "' defines the value '", value->name,
                 "' twice: every input, initializer and node output needs a name of its own");
  values_.push_back(std::move(value));
  return values_.back().get();
}

void Graph::rename(Value& value, std::string fresh) {
  by_name_.erase(value.name);
  value.name = std::move(fresh);
  by_name_.emplace(value.name, &value);
}

void Graph::reserve_values(size_t count) {
  by_name_.reserve(by_name_.size() + count);
  values_.reserve(values_.size() + count);
}

Value* Graph::find_value(std::string_view value_name, bool outer) const {
  for (const Graph* graph = this; graph != nullptr; graph = outer ? graph->parent_ : nullptr) {
    const auto found = graph->by_name_.find(value_name);
    if (found != graph->by_name_.end()) return found->second;
  }
  return nullptr;
}

Node* Graph::add_node() {
  nodes_.push_back(std::make_unique<Node>());
  nodes_.back()->graph = this;
  nodes_.back()->rank = next_rank_++;
  return nodes_.back().get();
}

}  // namespace tenon::host
