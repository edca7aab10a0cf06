// What a plugin sees of the graph while a session opens: thin views over graph.h. All borrow from the host and live
// until the hook or factory that was given them returns.
#pragma once

#include <optional>
#include <tenon/sdk/tensor.hpp>
#include <vector>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

class NodeView;

/// A tensor between nodes, an input, or an initializer. Compares equal when it is the same value; empty when left out.
class ValueView {
 public:
  ValueView() = default;
  ValueView(const tn_graph_api* api, const tn_value* value) : api_(api), value_(value) {}

  explicit operator bool() const { return value_ != nullptr; }
  bool operator==(const ValueView& other) const { return value_ == other.value_; }
  bool operator!=(const ValueView& other) const { return value_ != other.value_; }

  std::string_view name() const { return view(api_->value_name(value_)); }
  /// dtype and shape (-1: unknown), and whether it is constant; never data.
  TensorView info() const {
    tn_tensor t{};
    t.struct_size = sizeof t;
    api_->value_info(value_, &t);
    return TensorView(t);
  }
  /// The same with data, of a constant whose bytes are at hand: those of up to 4096 bytes always are.
  std::optional<TensorView> data() const {
    tn_tensor t{};
    t.struct_size = sizeof t;
    if (!api_->value_data(value_, &t)) return std::nullopt;
    return TensorView(t);
  }
  /// Whether its graph hands it out.
  bool is_output() const { return api_->value_is_output(value_); }
  /// How many node inputs read it; a graph output counts as one more.
  uint32_t use_count() const { return api_->value_use_count(value_); }
  inline NodeView producer(uint32_t* output_index = nullptr) const;
  inline std::vector<NodeView> consumers() const;
  const tn_value* c() const { return value_; }

 private:
  const tn_graph_api* api_ = nullptr;
  const tn_value* value_ = nullptr;
};

/// One application of an operator. Attribute getters return what the node says, or the default that the operator's form
/// gives to an attribute. Without a fallback they are for attributes that the form requires or has a default of; any
/// other is 0 or empty where it is left out. A fallback is for attributes whose absence means something else, for forms
/// that lack the attribute, and for operators that the host has no schema of.
class NodeView {
 public:
  NodeView() = default;
  NodeView(const tn_graph_api* api, const tn_node* node) : api_(api), node_(node) {}

  explicit operator bool() const { return node_ != nullptr; }
  bool operator==(const NodeView& other) const { return node_ == other.node_; }

  std::string_view name() const { return view(api_->node_name(node_)); }
  std::string_view domain() const { return view(api_->node_domain(node_)); }
  std::string_view op_type() const { return view(api_->node_op_type(node_)); }
  int since_version() const { return api_->node_since_version(node_); }
  /// The model's opset of the node's domain.
  int opset() const { return api_->node_opset(node_); }
  uint32_t input_count() const { return api_->node_input_count(node_); }
  uint32_t output_count() const { return api_->node_output_count(node_); }
  ValueView input(uint32_t i) const { return ValueView(api_, api_->node_input(node_, i)); }
  ValueView output(uint32_t i) const { return ValueView(api_, api_->node_output(node_, i)); }
  bool is(std::string_view op, std::string_view dom = "") const { return op_type() == op && domain() == dom; }

  int64_t attr_int(std::string_view name, int64_t fallback = 0) const {
    api_->attr_int(node_, to_tn_str(name), &fallback);
    return fallback;
  }
  float attr_float(std::string_view name, float fallback = 0) const {
    api_->attr_float(node_, to_tn_str(name), &fallback);
    return fallback;
  }
  std::string attr_string(std::string_view name, std::string_view fallback = {}) const {
    tn_str value = to_tn_str(fallback);
    api_->attr_string(node_, to_tn_str(name), &value);
    return std::string(view(value));
  }
  std::vector<int64_t> attr_ints(std::string_view name, std::vector<int64_t> fallback = {}) const {
    const int64_t* values = nullptr;
    size_t count = 0;
    if (!api_->attr_ints(node_, to_tn_str(name), &values, &count)) return fallback;
    return std::vector<int64_t>(values, values + count);
  }
  std::vector<float> attr_floats(std::string_view name, std::vector<float> fallback = {}) const {
    const float* values = nullptr;
    size_t count = 0;
    if (!api_->attr_floats(node_, to_tn_str(name), &values, &count)) return fallback;
    return std::vector<float>(values, values + count);
  }
  std::vector<std::string> attr_strings(std::string_view name) const {
    const tn_str* values = nullptr;
    size_t count = 0;
    std::vector<std::string> out;
    if (api_->attr_strings(node_, to_tn_str(name), &values, &count))
      for (size_t i = 0; i < count; ++i) out.emplace_back(view(values[i]));
    return out;
  }
  /// False when absent. The tensor lives until the factory returns: copy what must stay.
  bool attr_tensor(std::string_view name, TensorView* tensor) const {
    tn_tensor t{};
    t.struct_size = sizeof t;
    if (!api_->attr_tensor(node_, to_tn_str(name), &t)) return false;
    *tensor = TensorView(t);
    return true;
  }
  /// Whether the node or a default says what it is.
  bool has_int(std::string_view name) const {
    int64_t ignored;
    return api_->attr_int(node_, to_tn_str(name), &ignored);
  }
  bool has_float(std::string_view name) const {
    float ignored;
    return api_->attr_float(node_, to_tn_str(name), &ignored);
  }
  bool has_string(std::string_view name) const {
    tn_str ignored;
    return api_->attr_string(node_, to_tn_str(name), &ignored);
  }
  bool has_ints(std::string_view name) const {
    const int64_t* values;
    size_t count;
    return api_->attr_ints(node_, to_tn_str(name), &values, &count);
  }
  const tn_node* c() const { return node_; }
  const tn_graph_api* api() const { return api_; }

 protected:
  const tn_graph_api* api_ = nullptr;
  const tn_node* node_ = nullptr;
};

inline NodeView ValueView::producer(uint32_t* output_index) const {
  return NodeView(api_, api_->value_producer(value_, output_index));
}

inline std::vector<NodeView> ValueView::consumers() const {
  std::vector<const tn_node*> raw(api_->value_consumers(value_, nullptr, 0));
  api_->value_consumers(value_, raw.data(), raw.size());
  std::vector<NodeView> out;
  for (const tn_node* n : raw) out.emplace_back(api_, n);
  return out;
}

/// The whole graph, or a claimed group.
class GraphView {
 public:
  GraphView(const tn_host* host, const tn_graph* graph) : host_(host), graph_(graph) {}
  size_t node_count() const { return host_->graph->graph_node_count(graph_); }
  /// In topological order.
  NodeView node(size_t i) const { return NodeView(host_->graph, host_->graph->graph_node(graph_, i)); }
  size_t input_count() const { return host_->graph->graph_input_count(graph_); }
  ValueView input(size_t i) const { return ValueView(host_->graph, host_->graph->graph_input(graph_, i)); }
  size_t output_count() const { return host_->graph->graph_output_count(graph_); }
  ValueView output(size_t i) const { return ValueView(host_->graph, host_->graph->graph_output(graph_, i)); }
  /// The index among the group's inputs of `value`; -1 if it is none.
  int input_index(ValueView value) const {
    for (size_t i = 0; i < input_count(); ++i)
      if (input(i) == value) return static_cast<int>(i);
    return -1;
  }
  const tn_host* host() const { return host_; }

 private:
  const tn_host* host_;
  const tn_graph* graph_;
};

/// Collects what the provider claims.
class Claims {
 public:
  Claims(const tn_host* host, tn_claims* claims) : host_(host), claims_(claims) {}
  bool is_claimed(const NodeView& node) const { return host_->claims->is_claimed(claims_, node.c()); }
  /// `tag` comes back to the compile function.
  Status claim_group(const std::vector<NodeView>& nodes, std::string_view label, uint64_t tag = 0) {
    std::vector<const tn_node*> raw;
    for (const NodeView& n : nodes) raw.push_back(n.c());
    const tn_claim claim{sizeof(tn_claim), 0, raw.data(), raw.size(), to_tn_str(label), tag};
    return adopt(host_, host_->claims->claim_group(claims_, &claim));
  }
  void refuse(const NodeView& node, std::string_view reason) {
    host_->claims->refuse(claims_, node.c(), to_tn_str(reason));
  }

 private:
  const tn_host* host_;
  tn_claims* claims_;
};

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk
