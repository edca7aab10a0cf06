// Gives nodes their channels last where their provider wants it. One way through each graph, producers first. Of a
// value with channels second, `last_` has the same with channels last, if some node computes it; a Transpose computes
// the value itself from it, and goes if nobody reads that. So neighbours meet in the layout that both want, and every
// other reader finds what it always read.
#include "host/graph/layout.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "host/graph/node_builder.h"
#include "host/graph/operators/facts.h"
#include "host/graph/operators/node_traits.h"
#include "host/graph/schema.h"
#include "host/graph/shape_inference.h"
#include "host/optimize/passes/passes.h"
#include "host/optimize/rewriter.h"

namespace tenon::host {
namespace {

size_t rank_of(const Value& value) {
  return value.type.dims ? value.type.dims->size() : 0;
}

bool has_layout(const Value* value) {
  return value != nullptr && value->type.kind == ValueType::Kind::kTensor && rank_of(*value) >= kLeastLayoutRank;
}

bool is_read(const Value* value) {
  return value != nullptr && value->use_count() > 0;
}

// The rank that the node's input must have for it to compute at all; 0: any.
size_t demanded_rank(const Node& node) {
  if (const auto kernel = node.ints_attribute("kernel_shape")) return kernel->size() + 2;
  return node.inputs.size() > 1 && node.inputs[1] != nullptr && node.inputs[1]->is_constant() &&
                 node.op_type.starts_with("Conv")
             ? rank_of(*node.inputs[1])
             : 0;
}

// A declared rank may be wrong, and a Transpose would then fail where the node does not.
bool has_sure_rank(const Node& node) {
  const Value* x = node.inputs.empty() ? nullptr : node.inputs[0];
  return has_layout(x) && (x->type.is_proven || demanded_rank(node) == rank_of(*x));
}

bool has_one_result(const Node& node) {
  return !node.outputs.empty() && has_layout(node.outputs[0]) &&
         std::none_of(node.outputs.begin() + 1, node.outputs.end(), is_read);
}

bool moves(const Node& node, const std::vector<int64_t>& perm) {
  return node.domain.empty() && node.op_type == "Transpose" && node.ints_attribute("perm") == perm;
}

class LayoutPass {
 public:
  LayoutPass(const Model& model, Graph& graph, const LayoutPreference& prefers, RemovalLog& log)
      : graph_(graph), builder_(graph), prefers_(prefers), log_(log) {
    const auto opset = model.opset_imports.find("");
    transpose_ = find_schema("", "Transpose", opset == model.opset_imports.end() ? newest_opset("") : opset->second);
  }

  /// How many nodes have their channels last now.
  Result<size_t> run() {
    std::vector<Node*> nodes;
    for (const auto& node : graph_.nodes()) nodes.push_back(node.get());
    for (Node* node : nodes)
      if (wants_last(*node)) wanting_.insert(node);
    if (wanting_.empty() || transpose_ == nullptr) return size_t{0};
    for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) look_ahead(**node);
    for (Node* node : nodes) TENON_RETURN_IF_ERROR(visit(*node));
    // Readers before what they read.
    for (auto node = transposes_.rbegin(); node != transposes_.rend(); ++node)
      if (!is_read((*node)->outputs[0])) erase(**node);
    graph_.sweep();
    TENON_RETURN_IF_ERROR(graph_.finish());
    return wanting_.size();
  }

 private:
  void erase(Node& transpose) {
    if (!own_.contains(&transpose)) log_.add("as their readers have the layout that they undo", transpose);
    graph_.erase_node(transpose);
  }

  bool wants_last(const Node& node) const {
    return node.domain.empty() && facts_of(node).has(kHasChannels) && has_sure_rank(node) && has_one_result(node) &&
           rank_of(*node.inputs[0]) == rank_of(*node.outputs[0]) && prefers_(node);
  }

  // Remembers of the node's inputs whether having their channels last is of use further on.
  void look_ahead(const Node& node) {
    const bool is_of_use = wanting_.contains(&node) || (has_layout(first_output(node)) &&
                                                        (moves(node, to_channels_last(rank_of(*node.outputs[0]))) ||
                                                         (is_elementwise(node) && of_use_.contains(node.outputs[0]))));
    if (!is_of_use) return;
    const size_t count = wanting_.contains(&node) ? 1 : node.inputs.size();
    for (size_t i = 0; i < count; ++i)
      if (node.inputs[i] != nullptr) of_use_.insert(node.inputs[i]);
  }

  static const Value* first_output(const Node& node) { return node.outputs.empty() ? nullptr : node.outputs[0]; }

  Status visit(Node& node) {
    if (wanting_.contains(&node)) return convert(node);
    if (!has_layout(first_output(node))) return {};
    const size_t rank = rank_of(*node.outputs[0]);
    if (moves(node, to_channels_first(rank))) {
      transposes_.push_back(&node);
      if (node.inputs[0]->graph == &graph_) last_[node.outputs[0]] = node.inputs[0];
    } else if (moves(node, to_channels_last(rank))) {
      take_over(node);
    } else if (is_elementwise(node) && has_one_result(node)) {
      return follow(node);
    }
    return {};
  }

  Status convert(Node& node) {
    TENON_ASSIGN_OR_RETURN(Value * x, channels_last(*node.inputs[0], node));
    node.domain = kChannelsLastDomain;
    node.inputs[0] = x;
    return give_last(node);
  }

  // Who reads what such a Transpose computes can as well read what was there before it was moved the other way.
  void take_over(Node& node) {
    transposes_.push_back(&node);
    const auto found = last_.find(node.inputs[0]);
    if (found != last_.end() && node.outputs[0]->handed_out == 0) graph_.replace_uses(*node.outputs[0], *found->second);
  }

  // An elementwise node computes the same from operands that are all moved alike. Before opset 7 an axis said how one
  // operand broadcasts.
  Status follow(Node& node) {
    if (node.find_attribute("broadcast") != nullptr) return {};
    const size_t rank = rank_of(*node.outputs[0]);
    bool has_moved = false, is_free = true;
    for (const Value* input : node.inputs) {
      if (input == nullptr) continue;
      const bool is_moved = last_.contains(input);
      if (is_moved ? rank_of(*input) != rank : !can_reshape(*input, rank)) return {};
      has_moved = has_moved || is_moved;
      is_free = is_free && (!is_moved || input->use_count() == 1);
    }
    // Where its operands are read otherwise, too, and nobody wants its result so, it would only add a Transpose.
    if (!has_moved || !(is_free || of_use_.contains(node.outputs[0]))) return {};
    for (Value*& input : node.inputs) {
      if (input == nullptr) continue;
      const auto found = last_.find(input);
      if (found != last_.end()) {
        input = found->second;
      } else if (input->constant->element_count() > 1) {
        TENON_ASSIGN_OR_RETURN(input, reshaped(*input, rank));
      }
    }
    return give_last(node);
  }

  // Constants of one number, or one for each of some dimension: moving that dimension moves no byte.
  static bool can_reshape(const Value& value, size_t rank) {
    if (!value.is_constant() || value.constant->shape().size() > rank) return false;
    const auto& shape = value.constant->shape();
    return std::count_if(shape.begin(), shape.end(), [](int64_t d) { return d != 1; }) <= 1;
  }

  Result<Value*> reshaped(const Value& value, size_t rank) {
    const Tensor& t = *value.constant;
    std::vector<int64_t> shape(rank - t.shape().size(), 1);
    shape.insert(shape.end(), t.shape().begin(), t.shape().end());
    shape = permuted(shape, to_channels_last(rank));
    return builder_.constant("", t.part(std::move(shape), 0, t.byte_length()));
  }

  // What the node computes from now on has its channels last, and a Transpose computes what it did before.
  Status give_last(Node& node) {
    Value* y = node.outputs[0];
    TENON_ASSIGN_OR_RETURN(Value * y_last, fresh(*y));
    node.outputs[0] = y_last;
    y->producer = nullptr;
    graph_.connect(node);
    add_transpose(*y_last, *y, to_channels_first(rank_of(*y)), node);
    last_[y] = y_last;
    return {};
  }

  Result<Value*> channels_last(Value& x, const Node& reader) {
    if (const auto found = last_.find(&x); found != last_.end()) return found->second;
    TENON_ASSIGN_OR_RETURN(Value * x_last, fresh(x));
    add_transpose(x, *x_last, to_channels_last(rank_of(x)), reader);
    last_[&x] = x_last;
    return x_last;
  }

  Result<Value*> fresh(const Value& like) {
    TENON_ASSIGN_OR_RETURN(Value * value, graph_.add_value(""));
    value->type = like.type;
    value->type.dims = permuted(*like.type.dims, to_channels_last(like.type.dims->size()));
    return value;
  }

  void add_transpose(Value& from, Value& to, std::vector<int64_t> perm, const Node& near) {
    Node* node = builder_.node("Transpose", {&from}, {&to}, {{"perm", std::move(perm)}}, &near);
    node->name = concat(near.name, from.producer == &near ? "/channels_first" : "/channels_last");
    node->schema = transpose_;
    node->since_version = transpose_->since_version;
    transposes_.push_back(node);
    own_.insert(node);
  }

  Graph& graph_;
  NodeBuilder builder_;
  const LayoutPreference& prefers_;
  RemovalLog& log_;
  const OpSchema* transpose_ = nullptr;
  std::unordered_set<const Node*> wanting_;
  std::unordered_set<const Value*> of_use_;
  std::unordered_map<const Value*, Value*> last_;
  std::vector<Node*> transposes_;  // its own and the model's
  std::unordered_set<const Node*> own_;
};

}  // namespace

// Results and inputs of the model, and what subgraphs read, keep their layout.
Status layout_pass(Model& model, const OptimizeOptions& options, OptimizeNotes& notes) {
  if (!options.prefers_channels_last) return {};
  TENON_RETURN_IF_ERROR(infer_shapes(model));
  RemovalLog log;
  size_t count = 0;
  for (Graph* graph : graph_tree(*model.graph)) {
    TENON_ASSIGN_OR_RETURN(const size_t moved, LayoutPass(model, *graph, options.prefers_channels_last, log).run());
    count += moved;
  }
  if (count > 0) notes.push_back(concat(count, " nodes have their channels last, as their providers want them"));
  log.write_to(notes);
  return {};
}

}  // namespace tenon::host
