#include "host/optimize/gradient/expand_gradients.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "host/optimize/gradient/derivatives.h"

namespace tenon::host {
namespace {

constexpr const char* kTrainingDomain = "ai.onnx.preview.training";
constexpr int64_t kOldestOpset = 18;     // of the nodes that are made
constexpr size_t kMostCopies = 100'000;  // of nodes: a gradient of a gradient grows with each

class Differentiation {
 public:
  Differentiation(Node& call, int64_t opset, size_t& copied)
      : call_(call), graph_(*call.graph), builder_(call, opset), copied_(copied) {}

  Status run() {
    TENON_RETURN_IF_ERROR(bind_names());
    find_needed();
    for (const Node* node : needed_) TENON_RETURN_IF_ERROR(copy(*node));
    Value* const y = copy_of(target_);
    if (is_active(target_)) gradients_[target_] = builder_.filled_like(1, y);
    for (auto node = needed_.rbegin(); node != needed_.rend(); ++node) TENON_RETURN_IF_ERROR(differentiate(**node));
    hand_out();
    graph_.erase_node(call_);
    return {};
  }

 private:
  Result<const Value*> find(const char* attribute, const std::string& name) const {
    if (const Value* value = graph_.find_value(name)) return value;
    return error(TN_INVALID_MODEL, describe(call_), ": attribute '", attribute, "' names '", name,
                 "', which no node, input or initializer of the graph defines");
  }

  Status bind_names() {
    std::vector<const Value*> named;
    for (const char* attribute : {"xs", "zs"}) {
      const Attribute* given = call_.find_attribute(attribute);
      const auto* names = given != nullptr ? std::get_if<std::vector<std::string>>(&given->payload) : nullptr;
      for (const std::string& name : names != nullptr ? *names : std::vector<std::string>()) {
        TENON_ASSIGN_OR_RETURN(const Value* value, find(attribute, name));
        named.push_back(value);
      }
      if (attribute == std::string_view("xs")) x_count_ = named.size();
    }
    const auto left_out = std::count(call_.inputs.begin(), call_.inputs.end(), nullptr);
    if (named.size() != call_.inputs.size() || left_out > 0 || call_.outputs.size() > x_count_)
      return error(TN_INVALID_MODEL, describe(call_), " has ", call_.inputs.size() - static_cast<size_t>(left_out),
                   " inputs and ", call_.outputs.size(), " outputs, expected an input for each of the ", named.size(),
                   " names of xs and zs and at most an output for each of the ", x_count_, " of xs");
    for (size_t i = 0; i < named.size(); ++i) {
      copies_.emplace(named[i], call_.inputs[i]);
      if (i < x_count_) active_.insert(named[i]);
    }
    xs_.assign(named.begin(), named.begin() + static_cast<ptrdiff_t>(x_count_));
    TENON_ASSIGN_OR_RETURN(target_, find("y", call_.string_attribute("y").value_or("")));
    return {};
  }

  // The nodes of this graph between the named tensors and y that change with them, in order.
  void find_needed() {
    std::unordered_set<const Value*> asked{target_};
    const auto& nodes = graph_.nodes();
    for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
      if (!any_of((*node)->outputs, [&](const Value* v) { return asked.contains(v) && !copies_.contains(v); })) continue;
      asked.insert((*node)->inputs.begin(), (*node)->inputs.end());
      asked.insert((*node)->implicit_inputs.begin(), (*node)->implicit_inputs.end());
      needed_.push_back(node->get());
    }
    std::reverse(needed_.begin(), needed_.end());
    std::unordered_set<const Value*> changing;
    for (const auto& [value, copy] : copies_) changing.insert(value);
    std::erase_if(needed_, [&](const Node* node) {
      const auto is_changing = [&](const Value* v) { return changing.contains(v); };
      const bool changes = any_of(node->inputs, is_changing) || any_of(node->implicit_inputs, is_changing);
      if (changes) changing.insert(node->outputs.begin(), node->outputs.end());
      return !changes;
    });
  }

  Status copy(const Node& node) {
    if (has_subgraph(node))
      return error(TN_UNSUPPORTED, describe(call_), ": ", describe(node),
                   " lies between y and xs and holds graphs, which are not differentiated");
    if (++copied_ > kMostCopies)
      return error(TN_UNSUPPORTED, describe(call_), ": the gradients of this model take more than ", kMostCopies,
                   " nodes, the most that Tenon makes");
    const std::vector<Value*> outputs = builder_.copy(node, copies_of(node.inputs));
    const bool is_active_node = any_of(node.inputs, [&](const Value* v) { return is_active(v); });
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (node.outputs[i] == nullptr || copies_.contains(node.outputs[i])) continue;
      copies_.emplace(node.outputs[i], outputs[i]);
      if (is_active_node) active_.insert(node.outputs[i]);
    }
    return {};
  }

  Status differentiate(const Node& node) {
    if (!any_of(node.outputs, [&](const Value* v) { return gradients_.contains(v); })) return {};
    const Derivative derivative = find_derivative(node);
    if (derivative == nullptr || node.outputs.size() != 1)
      return error(TN_UNSUPPORTED, describe(call_), ": ", describe(node),
                   " lies between y and xs and has no derivative here, expected one of ", differentiable_operators());
    const Application application{node, copies_of(node.inputs), copy_of(node.outputs[0])};
    Value* const dy = gradients_.at(node.outputs[0]);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (!is_active(node.inputs[i])) continue;
      Value* const part = derivative(builder_, application, i, dy);
      if (part == nullptr) continue;
      const auto [known, is_first] = gradients_.emplace(node.inputs[i], part);
      if (!is_first) known->second = builder_.add(known->second, part);
    }
    return {};
  }

  // Outputs keep their names, which may be the model's.
  void hand_out() {
    for (size_t i = 0; i < call_.outputs.size(); ++i) {
      if (call_.outputs[i] == nullptr) continue;
      const auto found = gradients_.find(xs_[i]);
      Value* const gradient =
          found != gradients_.end() ? found->second : builder_.filled_like(0, call_.inputs[i]);
      builder_.make_into(*call_.outputs[i], "Identity", {gradient});
    }
  }

  // Of those that are not left out.
  template <typename Holds>
  static bool any_of(const std::vector<Value*>& values, Holds holds) {
    return std::any_of(values.begin(), values.end(), [&](const Value* v) { return v != nullptr && holds(v); });
  }
  bool is_active(const Value* value) const { return value != nullptr && active_.contains(value); }
  Value* copy_of(const Value* value) const {
    const auto found = copies_.find(value);
    return found != copies_.end() ? found->second : const_cast<Value*>(value);
  }
  std::vector<Value*> copies_of(const std::vector<Value*>& values) const {
    std::vector<Value*> copies;
    for (const Value* value : values) copies.push_back(value != nullptr ? copy_of(value) : nullptr);
    return copies;
  }

  Node& call_;
  Graph& graph_;
  GradientBuilder builder_;
  size_t& copied_;
  size_t x_count_ = 0;
  std::vector<const Value*> xs_;
  const Value* target_ = nullptr;
  std::vector<const Node*> needed_;
  std::unordered_map<const Value*, Value*> copies_;     // of what changes with xs and zs
  std::unordered_set<const Value*> active_;             // what changes with xs
  std::unordered_map<const Value*, Value*> gradients_;  // of y, by values of the graph that is differentiated
};

// The first in order, so that a gradient of a gradient finds nodes that have derivatives.
Node* first_gradient(Model& model) {
  for (const Graph* graph : graph_tree(*model.graph))
    for (const auto& node : graph->nodes())
      if (is_gradient(*node)) return node.get();
  return nullptr;
}

}  // namespace

bool is_gradient(const Node& node) {
  return node.domain == kTrainingDomain && node.op_type == "Gradient";
}

Status expand_gradients(Model& model) {
  if (!model.opset_imports.contains(kTrainingDomain)) return {};
  const auto import = model.opset_imports.find("");
  const int64_t opset = std::max(kOldestOpset, import != model.opset_imports.end() ? import->second : 0);
  size_t copied = 0;
  while (Node* call = first_gradient(model)) {
    TENON_RETURN_IF_ERROR(Differentiation(*call, opset, copied).run());
    TENON_RETURN_IF_ERROR(model.graph->finish());
  }
  return {};
}

}  // namespace tenon::host
