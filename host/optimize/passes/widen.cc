// Has nodes of float16 and bfloat16 compute in float where a provider that comes earlier in the user's order then runs
// them. One way through each graph, producers first: what such nodes compute goes on as float, nodes that any provider
// runs alike go along, and Casts stand where a value enters or leaves, and nowhere else. Those of constants are folded.
// Nothing is rounded to 16 bits in between.
#include <algorithm>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "host/graph/node_builder.h"
#include "host/graph/operators/node_traits.h"
#include "host/graph/schema.h"
#include "host/graph/type_inference.h"
#include "host/optimize/passes/passes.h"

namespace tenon::host {
namespace {

constexpr int64_t kFirstCast = 6;  // whose `to` is a number
constexpr size_t kNoProvider = SIZE_MAX;

bool is_half(const Value* value) {
  return value != nullptr && value->type.kind == ValueType::Kind::kTensor &&
         (value->type.dtype == TN_FLOAT16 || value->type.dtype == TN_BFLOAT16);
}

bool has_half(const std::vector<Value*>& values) {
  return std::any_of(values.begin(), values.end(), is_half);
}

/// From wider types than float a number would be rounded twice where it leaves as 16 bits.
bool casts_float(const Node& node) {
  return node.op_type == "Cast" && node.domain.empty() && node.inputs[0]->type.dtype == TN_FLOAT;
}

/// A node as it would be in float, outside of any graph.
class FloatForm {
 public:
  explicit FloatForm(const Node& node) : node_(node) {
    replace(node_.inputs);
    replace(node_.outputs);
    set_target(node_);
  }
  const Node& node() const { return node_; }

  /// Whether the operator takes floats, and gives them where it gave 16 bits.
  bool is_sound(const Node& from) const {
    const auto types = infer_types(node_);
    if (!types.is_ok()) return false;
    for (size_t i = 0; i < from.outputs.size(); ++i)
      if (is_half(from.outputs[i]) && (i >= types->size() || !(*types)[i] || (*types)[i]->dtype != TN_FLOAT))
        return false;
    return true;
  }

  /// A Cast to 16 bits becomes one to float.
  static void set_target(Node& node) {
    if (node.op_type != "Cast" || !node.domain.empty() || node.outputs[0]->type.dtype != TN_FLOAT) return;
    for (Attribute& a : node.attributes)
      if (a.name == "to") a.payload = static_cast<int64_t>(TN_FLOAT);
  }

 private:
  void replace(std::vector<Value*>& values) {
    for (Value*& value : values) {
      if (!is_half(value)) continue;
      auto widened = std::make_unique<Value>();
      widened->name = value->name;
      widened->type = value->type;
      widened->type.dtype = TN_FLOAT;
      values_.push_back(std::move(widened));
      value = values_.back().get();
    }
  }

  Node node_;
  std::vector<std::unique_ptr<Value>> values_;
};

class WidenPass {
 public:
  WidenPass(Graph& graph, const ProviderRank& rank, const OpSchema& cast)
      : graph_(graph), builder_(graph), rank_(rank), cast_(cast) {}

  /// How many nodes compute in float now.
  Result<size_t> run() {
    std::vector<Node*> nodes;
    for (const auto& node : graph_.nodes()) nodes.push_back(node.get());
    const bool any = std::any_of(nodes.begin(), nodes.end(), [&](const Node* node) { return judge(*node) == kWants; });
    if (!any) return size_t{0};
    size_t count = 0;
    for (Node* node : nodes) {
      const Verdict verdict = judge(*node);
      if (verdict != kWants && !(verdict == kGoesAlong && reads_widened(*node))) continue;
      TENON_RETURN_IF_ERROR(widen(*node));
      count += verdict == kWants ? 1 : 0;
    }
    for (Node* cast : narrowing_)
      if (cast->outputs[0]->use_count() == 0) graph_.erase_node(*cast);
    graph_.sweep();
    TENON_RETURN_IF_ERROR(graph_.finish());
    return count;
  }

 private:
  enum Verdict { kStays, kGoesAlong, kWants };

  // Whether the node runs at an earlier provider in float, at the same, or a later one. A node that nobody runs stays.
  Verdict judge(const Node& node) {
    if (const auto found = verdicts_.find(&node); found != verdicts_.end()) return found->second;
    return verdicts_[&node] = decide(node);
  }

  Verdict decide(const Node& node) const {
    if (node.schema == nullptr || has_subgraph(node) || is_random(node) || !has_only_tensors(node)) return kStays;
    if (!has_half(node.inputs) && !(has_half(node.outputs) && casts_float(node))) return kStays;
    const FloatForm form(node);
    if (!form.is_sound(node)) return kStays;
    const auto now = rank_(node);
    if (!now) return kStays;
    const size_t then = rank_(form.node()).value_or(kNoProvider);
    return then < *now ? kWants : then == *now ? kGoesAlong : kStays;
  }

  bool reads_widened(const Node& node) const {
    return std::any_of(node.inputs.begin(), node.inputs.end(), [&](const Value* v) { return computed_.contains(v); });
  }

  Status widen(Node& node) {
    std::vector<Value*> inputs = node.inputs;
    for (Value*& input : inputs) {
      if (!is_half(input)) continue;
      TENON_ASSIGN_OR_RETURN(input, widened(*input, node));
    }
    graph_.set_inputs(node, std::move(inputs));
    std::vector<std::pair<Value*, Value*>> narrowed;
    for (Value*& output : node.outputs) {
      if (!is_half(output)) continue;
      TENON_ASSIGN_OR_RETURN(Value * wide, fresh(*output));
      narrowed.push_back({wide, output});
      output->producer = nullptr;
      output = wide;
    }
    FloatForm::set_target(node);
    if (narrowed.empty()) return {};
    graph_.connect(node);
    for (const auto& [wide, output] : narrowed) {
      narrowing_.push_back(add_cast(*wide, *output, output->type.dtype, node, "/narrow"));
      widened_[output] = wide;
      computed_.insert(output);
    }
    return {};
  }

  Result<Value*> widened(Value& value, const Node& reader) {
    if (const auto found = widened_.find(&value); found != widened_.end()) return found->second;
    TENON_ASSIGN_OR_RETURN(Value * wide, fresh(value));
    add_cast(value, *wide, TN_FLOAT, reader, "/widen");
    return widened_[&value] = wide;
  }

  Result<Value*> fresh(const Value& like) {
    TENON_ASSIGN_OR_RETURN(Value * value, graph_.add_value(""));
    value->type = like.type;
    value->type.dtype = TN_FLOAT;
    return value;
  }

  Node* add_cast(Value& from, Value& to, tn_dtype type, const Node& near, const char* suffix) {
    Node* node = builder_.node("Cast", {&from}, {&to}, {{"to", static_cast<int64_t>(type)}}, &near);
    node->name = near.name + suffix;
    node->schema = &cast_;
    node->since_version = cast_.since_version;
    return node;
  }

  Graph& graph_;
  NodeBuilder builder_;
  const ProviderRank& rank_;
  const OpSchema& cast_;
  std::unordered_map<const Node*, Verdict> verdicts_;
  std::unordered_map<const Value*, Value*> widened_;  // of a value of 16 bits the same in float
  std::unordered_set<const Value*> computed_;         // of these what is computed in float
  std::vector<Node*> narrowing_;
};

}  // namespace

Status widen_pass(Model& model, const OptimizeOptions& options, OptimizeNotes& notes) {
  const auto opset = model.opset_imports.find("");
  const OpSchema* cast = find_schema("", "Cast", opset == model.opset_imports.end() ? newest_opset("") : opset->second);
  if (!options.rank_provider || cast == nullptr || cast->since_version < kFirstCast) return {};
  size_t count = 0;
  for (Graph* graph : graph_tree(*model.graph)) {
    TENON_ASSIGN_OR_RETURN(const size_t widened, WidenPass(*graph, options.rank_provider, *cast).run());
    count += widened;
  }
  if (count == 0) return {};
  notes.push_back(concat(count, " nodes of 16-bit floats compute in float, which a provider ahead of theirs runs"));
  return options.fold_constants ? fold_pass(model, options, notes) : Status();
}

}  // namespace tenon::host
