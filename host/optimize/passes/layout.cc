// Gives nodes their channels last where their provider wants it. One way through each graph, producers first. Of a
// value with channels second, `moved_` has the same with channels last, if some node computes it; a Transpose computes
// the value itself from it, and goes if nobody reads that. So neighbours meet in the layout that both want, and every
// other reader finds what it always read. Nodes that providers want so begin; others follow where what they read is
// there, unless that takes more Transposes than it saves.
#include "host/graph/layout.h"

#include <algorithm>
#include <list>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "host/graph/node_builder.h"
#include "host/graph/operators/facts.h"
#include "host/graph/operators/node_traits.h"
#include "host/graph/schema.h"
#include "host/graph/shape_inference.h"
#include "host/graph/shape_rules/shape_context.h"
#include "host/optimize/layout/channel_reshape.h"
#include "host/optimize/layout/channel_shuffle.h"
#include "host/optimize/layout/movable.h"
#include "host/optimize/layout/moved_values.h"
#include "host/optimize/layout/renumber.h"
#include "host/optimize/passes/passes.h"
#include "host/optimize/rewriter.h"

namespace tenon::host {
namespace {

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

const Value* first_output(const Node& node) {
  return node.outputs.empty() ? nullptr : node.outputs[0];
}

bool has_one_result(const Node& node) {
  return has_layout(first_output(node)) && std::none_of(node.outputs.begin() + 1, node.outputs.end(), is_read);
}

const OpSchema* schema_of(const Model& model, std::string_view op_type) {
  const auto opset = model.opset_imports.find("");
  return find_schema("", op_type, opset == model.opset_imports.end() ? newest_opset("") : opset->second);
}

class LayoutPass {
 public:
  LayoutPass(const Model& model, Graph& graph, const OptimizeOptions& options, RemovalLog& log)
      : root_(*model.graph),
        graph_(graph),
        builder_(graph),
        options_(options),
        log_(log),
        transpose_(schema_of(model, "Transpose")),
        gather_(schema_of(model, "Gather")),
        moved_(graph, transpose_) {}

  /// How many nodes of operators with channels have these last now.
  Result<size_t> run() {
    std::vector<Node*> nodes;
    for (const auto& node : graph_.nodes()) nodes.push_back(node.get());
    bool is_wanted = false;
    for (Node* node : nodes) is_wanted = ask(*node) || is_wanted;
    if (!is_wanted || transpose_ == nullptr) return size_t{0};
    for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) TENON_RETURN_IF_ERROR(look_ahead(**node));
    for (Node* node : nodes) TENON_RETURN_IF_ERROR(visit(*node));
    moved_.erase_unread(log_);
    graph_.sweep();
    TENON_RETURN_IF_ERROR(root_.finish());  // a subgraph alone does not know what it reads of others
    return converted_;
  }

 private:
  // Whether the node is one to begin at.
  bool ask(const Node& node) {
    if (!node.domain.empty() || !facts_of(node).has(kHasChannels) || !has_sure_rank(node) || !has_one_result(node) ||
        rank_of(*node.inputs[0]) != rank_of(*node.outputs[0]))
      return false;
    const LayoutWish wish = options_.layout_wish(node);
    if (wish != LayoutWish::kNone) wishes_[&node] = wish;
    return wish == LayoutWish::kWants;
  }

  LayoutWish wish_of(const Node& node) const {
    const auto found = wishes_.find(&node);
    return found == wishes_.end() ? LayoutWish::kNone : found->second;
  }

  // Whether having the value with its channels last is no loss, whoever reads it.
  bool is_welcome(const Value* value) const {
    return value != nullptr && (of_use_.contains(value) || lies_alike(*value));
  }

  // Remembers of the node's inputs whether having their channels last is of use further on.
  Status look_ahead(Node& node) {
    const Value* y = first_output(node);
    if (y == nullptr) return {};
    if (has_layout(y) && is_elementwise(node)) {
      if (of_use_.contains(y)) use_inputs(node, node.inputs.size());
    } else if (const LayoutWish wish = wish_of(node); wish != LayoutWish::kNone) {
      if (wish == LayoutWish::kWants || is_welcome(y)) use_inputs(node, 1);
    } else if (has_layout(y) && moves(node, to_channels_last(rank_of(*y)))) {
      use_inputs(node, 1);
    } else if (const auto shuffle = find_channel_shuffle(node)) {
      shuffles_.emplace(&node, *shuffle);
      if (of_use_.contains(&shuffle->y())) use_inputs(node, 1);
    } else if (const auto reshape = find_channel_reshape(node)) {
      reshapes_.emplace(&node, *reshape);
      if (of_use_.contains(y)) use_inputs(node, 1);
    } else if (!node.inputs.empty() && has_layout(node.inputs[0])) {
      TENON_ASSIGN_OR_RETURN(auto renumbered, renumber(node, rank_of(*node.inputs[0])));
      if (!renumbered) return {};
      if (gains(node, *renumbered)) use_inputs(node, renumbered->reads_all ? node.inputs.size() : 1);
      renumbered_.emplace(&node, std::move(*renumbered));
    }
    return {};
  }

  void use_inputs(const Node& node, size_t count) {
    for (size_t i = 0; i < count; ++i)
      if (node.inputs[i] != nullptr) of_use_.insert(node.inputs[i]);
  }

  bool gains(const Node& node, const Renumbered& renumbered) const {
    return !renumbered.moves_results ||
           std::any_of(node.outputs.begin(), node.outputs.end(), [&](const Value* y) { return is_welcome(y); });
  }

  Status visit(Node& node) {
    if (node.graph == nullptr) return {};  // erased by one before it
    if (wish_of(node) == LayoutWish::kWants) return convert(node);
    if (wish_of(node) == LayoutWish::kTakes) return follow_with_channels(node);
    if (const auto shuffle = shuffles_.find(&node); shuffle != shuffles_.end()) return follow(shuffle->second);
    if (const auto reshape = reshapes_.find(&node); reshape != reshapes_.end()) return follow(node, reshape->second);
    if (const auto found = renumbered_.find(&node); found != renumbered_.end()) return follow(node, found->second);
    if (tells_shape(node) && node.op_type == "Shape") return tell_shape(node);
    if (!has_layout(first_output(node))) return {};
    const size_t rank = rank_of(*node.outputs[0]);
    // Of three dimensions both orders are one.
    const bool undoes = moves(node, to_channels_last(rank)) && moved_.contains(*node.inputs[0]);
    if (!undoes && moves(node, to_channels_first(rank))) {
      moved_.note(node, node.outputs[0], node.inputs[0]->graph == &graph_ ? node.inputs[0] : nullptr);
    } else if (moves(node, to_channels_last(rank))) {
      take_over(node);
    } else if (is_elementwise(node) && has_one_result(node)) {
      return follow(node);
    }
    return {};
  }

  Status convert(Node& node) {
    TENON_ASSIGN_OR_RETURN(Value * x, moved_.channels_last(*node.inputs[0], node));
    node.domain = kChannelsLastDomain;
    node.inputs[0] = x;
    ++converted_;
    return moved_.give_last(node);
  }

  Status follow_with_channels(Node& node) {
    const Value* x = node.inputs[0];
    if (!moved_.contains(*x) || !(x->use_count() == 1 || is_welcome(node.outputs[0]))) return {};
    return convert(node);
  }

  // Who reads what such a Transpose computes can as well read what was there before it was moved the other way.
  void take_over(Node& node) {
    moved_.note(node, nullptr, nullptr);
    Value* last = moved_.find(*node.inputs[0]);
    if (last != nullptr && node.outputs[0]->handed_out == 0) graph_.replace_uses(*node.outputs[0], *last);
  }

  // An elementwise node computes the same from operands that are all moved alike. Before opset 7 an axis said how one
  // operand broadcasts.
  Status follow(Node& node) {
    if (node.find_attribute("broadcast") != nullptr) return {};
    const size_t rank = rank_of(*node.outputs[0]);
    const bool is_of_use = of_use_.contains(node.outputs[0]);
    for (const Value* input : node.inputs)
      if (input != nullptr && !moved_.can_move(*input, rank, true, is_of_use)) return {};
    // Where its operands are read otherwise, too, and nobody wants its result so, it would only add a Transpose.
    const auto reads = moved_.moved_reads(node.inputs);
    if (!reads || !(*reads == 1 || is_of_use)) return {};
    for (Value*& input : node.inputs) {
      if (input == nullptr) continue;
      TENON_ASSIGN_OR_RETURN(input, moved_.moved(*input, rank, node));
    }
    return moved_.give_last(node);
  }

  // A node that names axes names others, if its provider runs it so as well.
  Status follow(Node& node, Renumbered& renumbered) {
    const size_t rank = rank_of(*node.inputs[0]), count = renumbered.reads_all ? node.inputs.size() : 1;
    const std::vector<Value*> operands(node.inputs.begin(), node.inputs.begin() + static_cast<ptrdiff_t>(count));
    const bool is_gain = gains(node, renumbered);
    for (const Value* input : operands)
      if (input == nullptr || !moved_.can_move(*input, rank, false, is_gain)) return {};
    const auto reads = moved_.moved_reads(operands);
    if (!reads || !((*reads == 1 && !renumbered.grows) || is_gain) || !is_run_as_well(node, renumbered, count))
      return {};
    for (size_t i = 0; i < count; ++i) {
      TENON_ASSIGN_OR_RETURN(node.inputs[i], moved_.moved(*node.inputs[i], rank, node));
    }
    for (auto& [index, tensor] : renumbered.constants) {
      if (index >= node.inputs.size()) node.inputs.resize(index + 1);
      TENON_ASSIGN_OR_RETURN(node.inputs[index], builder_.constant("", std::move(tensor)));
    }
    node.attributes = std::move(renumbered.attributes);
    if (renumbered.moves_results) return moved_.give_last(node);
    graph_.connect(node);
    return {};
  }

  Status follow(const ChannelShuffle& shuffle) {
    Value* last = moved_.find(shuffle.x());
    if (last == nullptr || !(shuffle.x().use_count() == 1 || of_use_.contains(&shuffle.y()))) return {};
    const size_t rank = rank_of(shuffle.x());
    // N, H, W are copied.
    std::vector<int64_t> shape(rank - 1, 0), perm(rank + 1);
    shape.insert(shape.end(), {shuffle.groups, shuffle.group_channels});
    for (size_t i = 0; i < perm.size(); ++i) perm[i] = static_cast<int64_t>(i);
    std::swap(perm[rank - 1], perm[rank]);
    TENON_RETURN_IF_ERROR(reshape(*shuffle.cut, last, shape));
    Value &parts = *shuffle.cut->outputs[0], &swapped = *shuffle.swap->outputs[0];
    std::rotate(parts.type.dims->begin() + 1, parts.type.dims->begin() + 3, parts.type.dims->end());
    std::rotate(swapped.type.dims->begin() + 1, swapped.type.dims->begin() + 3, swapped.type.dims->end());
    set_order(*shuffle.swap, std::move(perm));
    shape.pop_back();
    shape.back() = shuffle.groups * shuffle.group_channels;
    TENON_RETURN_IF_ERROR(reshape(*shuffle.join, &swapped, shape));
    return moved_.give_last(*shuffle.join);
  }

  // A Transpose that alone reads the result takes another order, or goes. Else channels that become several dimensions
  // would have no place at the end that others know.
  Status follow(Node& node, const ChannelReshape& reshaped) {
    const Value& x = *node.inputs[0];
    Value& y = *node.outputs[0];
    Value* last = moved_.find(x);
    if (last == nullptr || !(x.use_count() == 1 || of_use_.contains(&y))) return {};
    Node* order = only_reader(y);
    const bool is_order = order != nullptr && order->domain.empty() && order->op_type == "Transpose";
    const auto perm = is_order ? order->ints_attribute("perm") : std::nullopt;
    if (perm && perm->size() == reshaped.shape.size()) return reorder(node, *order, *last, reshaped, *perm);
    if (reshaped.parts > 1) return {};
    TENON_RETURN_IF_ERROR(reshape(node, last, reshaped.shape));
    return moved_.give_last(node);
  }

  Status reorder(Node& node, Node& order, Value& last, const ChannelReshape& reshaped,
                 const std::vector<int64_t>& perm) {
    std::vector<int64_t> moved = reshaped.moved_order(perm);
    if (std::is_sorted(moved.begin(), moved.end())) {
      Value &between = *node.outputs[0], &y = *order.outputs[0];
      log_.add("as the Reshape before it computes that order of channels that are last", order);
      y.producer = between.producer = nullptr;
      graph_.erase_node(order);
      graph_.erase_value(between);
      node.outputs[0] = &y;
      return reshape(node, &last, reshaped.shape);
    }
    Dims& dims = *node.outputs[0]->type.dims;
    std::rotate(dims.begin() + 1, dims.begin() + 1 + static_cast<ptrdiff_t>(reshaped.parts), dims.end());
    set_order(order, std::move(moved));
    return reshape(node, &last, reshaped.shape);
  }

  Status reshape(Node& node, Value* x, const std::vector<int64_t>& shape) {
    TENON_ASSIGN_OR_RETURN(Value * constant, integers(shape));
    node.inputs = {x, constant};
    graph_.connect(node);
    return {};
  }

  Result<Value*> integers(const std::vector<int64_t>& values) {
    TENON_ASSIGN_OR_RETURN(Tensor numbers,
                           Tensor::allocate(TN_INT64, {static_cast<int64_t>(values.size())}, Residence::kComputed));
    std::copy(values.begin(), values.end(), static_cast<int64_t*>(numbers.mutable_data()));
    return builder_.constant("", std::move(numbers));
  }

  bool is_run_as_well(const Node& node, const Renumbered& renumbered, size_t moved_inputs) const {
    if (!options_.rank_provider) return true;
    Node changed = node;
    std::list<Value> values;
    const auto put = [&](Value*& place, Value value) { place = &values.emplace_back(std::move(value)); };
    for (size_t i = 0; i < moved_inputs; ++i) put(changed.inputs[i], stand_in(*node.inputs[i], true));
    for (const auto& [index, tensor] : renumbered.constants) {
      if (index >= changed.inputs.size()) changed.inputs.resize(index + 1);
      Value constant;
      constant.constant = tensor;
      set_constant_type(constant);
      put(changed.inputs[index], std::move(constant));
    }
    for (Value*& y : changed.outputs)
      if (y != nullptr && renumbered.moves_results && has_layout(y)) put(y, stand_in(*y, true));
    changed.attributes = renumbered.attributes;
    const auto before = options_.rank_provider(node), after = options_.rank_provider(changed);
    return after && before && *after <= *before;
  }

  // Dimensions are told of what is there, and picked in the order that they had.
  Status tell_shape(Node& node) {
    Value* last = moved_.find(*node.inputs[0]);
    Value* y = first_output(node) == nullptr ? nullptr : node.outputs[0];
    if (last == nullptr || y == nullptr || !y->type.dims || gather_ == nullptr) return {};
    const auto rank = static_cast<int64_t>(rank_of(*node.inputs[0]));
    const int64_t start = node.int_attribute("start").value_or(0), end = node.int_attribute("end").value_or(rank);
    std::vector<int64_t> picked;
    const std::vector<int64_t> perm = to_channels_first(static_cast<size_t>(rank));
    for (int64_t i = std::clamp(start < 0 ? start + rank : start, int64_t{0}, rank);
         i < std::clamp(end < 0 ? end + rank : end, int64_t{0}, rank); ++i)
      picked.push_back(perm[static_cast<size_t>(i)]);
    TENON_ASSIGN_OR_RETURN(Value * all, graph_.add_value(""));
    all->type = y->type;
    all->type.dims = std::vector<Dim>{known_dim(rank)};
    TENON_ASSIGN_OR_RETURN(Value * indices, integers(picked));
    std::erase_if(node.attributes, [](const Attribute& a) { return a.name == "start" || a.name == "end"; });
    node.inputs[0] = last;
    node.outputs[0] = all;
    y->producer = nullptr;
    graph_.connect(node);
    Node* pick = builder_.node("Gather", {all, indices}, {y}, {}, &node);
    pick->name = concat(node.name, "/channels_first");
    pick->schema = gather_;
    pick->since_version = gather_->since_version;
    return {};
  }

  Graph& root_;
  Graph& graph_;
  NodeBuilder builder_;
  const OptimizeOptions& options_;
  RemovalLog& log_;
  const OpSchema* const transpose_;
  const OpSchema* const gather_;
  MovedValues moved_;
  size_t converted_ = 0;
  std::unordered_map<const Node*, LayoutWish> wishes_;
  std::unordered_map<const Node*, Renumbered> renumbered_;
  std::unordered_map<const Node*, ChannelShuffle> shuffles_;
  std::unordered_map<const Node*, ChannelReshape> reshapes_;
  std::unordered_set<const Value*> of_use_;
};

}  // namespace

// Results and inputs of the model, and what subgraphs read, keep their layout.
Status layout_pass(Model& model, const OptimizeOptions& options, OptimizeNotes& notes) {
  if (!options.layout_wish) return {};
  TENON_RETURN_IF_ERROR(infer_shapes(model));
  RemovalLog log;
  size_t count = 0;
  for (Graph* graph : graph_tree(*model.graph)) {
    TENON_ASSIGN_OR_RETURN(const size_t moved, LayoutPass(model, *graph, options, log).run());
    count += moved;
  }
  if (count > 0) notes.push_back(concat(count, " nodes have their channels last, as their providers want them"));
  log.write_to(notes);
  return {};
}

}  // namespace tenon::host
