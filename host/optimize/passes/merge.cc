// Nodes that compute the same from the same values, found by a text that says all that a node computes from: operator,
// version, attributes, inputs, which outputs it has. Nodes with subgraphs, random ones and operators without a schema
// are never the same as another.
#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "host/graph/operators/node_traits.h"
#include "host/optimize/passes/passes.h"
#include "host/optimize/rewriter.h"

namespace tenon::host {
namespace {

// Constants up to so many bytes are told by their bytes, larger ones by where they are.
constexpr size_t kMostComparedBytes = 256;

class KeyWriter {
 public:
  std::string take() { return std::move(key_); }

  template <typename T>
  void number(T value) {
    static_assert(std::is_trivially_copyable_v<T>);
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    key_.append(bytes, sizeof value);
  }
  void text(std::string_view text) {
    number(text.size());
    key_ += text;
  }
  void tensor(const Tensor& tensor) {
    number(tensor.dtype());
    list(tensor.shape());
    const bool is_told =
        tensor.dtype() != TN_STRING && tensor.data() != nullptr && tensor.byte_length() <= kMostComparedBytes;
    number(is_told);
    if (is_told) {
      key_.append(static_cast<const char*>(tensor.data()), tensor.byte_length());
    } else {
      number(tensor.data());
      number(tensor.byte_length());
    }
  }
  template <typename T>
  void list(const std::vector<T>& items) {
    number(items.size());
    for (const T& item : items) {
      if constexpr (std::is_same_v<T, std::string>) {
        text(item);
      } else {
        number(item);
      }
    }
  }

 private:
  std::string key_;
};

bool write_attribute(const Attribute& attribute, KeyWriter& key) {
  key.text(attribute.name);
  key.number(attribute.payload.index());
  if (const auto* i = std::get_if<int64_t>(&attribute.payload)) return key.number(*i), true;
  if (const auto* f = std::get_if<float>(&attribute.payload)) return key.number(*f), true;
  if (const auto* s = std::get_if<std::string>(&attribute.payload)) return key.text(*s), true;
  if (const auto* t = std::get_if<Tensor>(&attribute.payload)) return key.tensor(*t), true;
  if (const auto* ints = std::get_if<std::vector<int64_t>>(&attribute.payload)) return key.list(*ints), true;
  if (const auto* floats = std::get_if<std::vector<float>>(&attribute.payload)) return key.list(*floats), true;
  if (const auto* texts = std::get_if<std::vector<std::string>>(&attribute.payload)) return key.list(*texts), true;
  return false;  // graphs, types, lists of tensors
}

bool is_mergeable(const Node& node) {
  return node.schema != nullptr && !is_random(node) && !has_subgraph(node) && !node.inputs.empty() &&
         has_only_tensors(node);
}

// Nothing for a node that is like no other.
std::optional<std::string> key_of(const Node& node) {
  if (!is_mergeable(node)) return std::nullopt;
  KeyWriter key;
  key.number(node.schema);
  std::vector<const Attribute*> attributes;
  for (const Attribute& a : node.attributes) attributes.push_back(&a);
  std::sort(attributes.begin(), attributes.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
  key.number(attributes.size());
  for (const Attribute* a : attributes)
    if (!write_attribute(*a, key)) return std::nullopt;
  for (const Value* value : node.inputs) {
    const bool is_constant = value != nullptr && value->is_constant() && value->constant->data() != nullptr;
    key.number(is_constant);
    if (is_constant) {
      key.tensor(*value->constant);
    } else {
      key.number(value);
    }
  }
  for (const Value* value : node.outputs) key.number(value != nullptr);
  return key.take();
}

bool can_give_way(const Node& node, const Node& to, const Rewriter& rewriter) {
  for (size_t i = 0; i < node.outputs.size(); ++i)
    if (node.outputs[i] != nullptr && !rewriter.can_replace(*node.outputs[i], *to.outputs[i])) return false;
  return true;
}

void merge_in_graph(Graph& graph, RemovalLog& log) {
  Rewriter rewriter(graph, log);
  std::unordered_map<std::string, Node*> first;
  for (const auto& owned : graph.nodes()) {
    Node& node = *owned;
    const auto key = node.graph != nullptr ? key_of(node) : std::nullopt;
    if (!key) continue;
    const auto [found, is_first] = first.try_emplace(*key, &node);
    if (!is_first && can_give_way(node, *found->second, rewriter))
      rewriter.replace_all("as an earlier node computes the same", node, *found->second);
  }
}

}  // namespace

Status merge_pass(Model& model, const OptimizeOptions&, OptimizeNotes& notes) {
  RemovalLog log;
  for (Graph* graph : graph_tree(*model.graph)) merge_in_graph(*graph, log);
  log.write_to(notes);
  return log.total() == 0 ? Status() : model.graph->finish();
}

}  // namespace tenon::host
