#include "host/graph/view_rules.h"

#include <algorithm>

#include "host/graph/operators/facts.h"
#include "host/graph/operators/view_offsets.h"

namespace tenon::host {
namespace {

// Nothing for a node that has no first input to look at.
const ViewRule* rule_of(const Node& node) {
  return node.inputs.empty() || node.inputs[0] == nullptr ? nullptr : facts_of(node).view;
}

std::optional<ElementView> view_of(const ViewRule& rule, const ShapeContext& c, size_t output) {
  const auto x = c.shape(0) == nullptr ? std::nullopt : view_offsets::known_shape(*c.shape(0));
  auto y = view_offsets::known_shape(c.inferred(output));
  if (!x || !y) return std::nullopt;
  const view_offsets::Offset held = view_offsets::count_of(*x), count = view_offsets::count_of(*y);
  const view_offsets::Offset offset = rule.offset(c, output);
  if (!held || !count || !offset || *count > *held || *offset < 0 || *offset > *held - *count) return std::nullopt;
  return ElementView{std::move(*y), *offset};
}

std::optional<std::vector<ElementView>> views_in(ShapeContext& c) {
  const Node& node = c.node();
  const ViewRule* rule = rule_of(node);
  if (rule == nullptr || !facts_of(node).shape(c).is_ok()) return std::nullopt;
  std::vector<ElementView> views(node.outputs.size());
  for (size_t i = 0; i < views.size(); ++i) {
    if (node.outputs[i] == nullptr) continue;
    auto view = view_of(*rule, c, i);
    if (!view) return std::nullopt;
    views[i] = std::move(*view);
  }
  return views;
}

}  // namespace

std::optional<std::vector<ElementView>> views_of(const Node& node) {
  if (rule_of(node) == nullptr) return std::nullopt;
  ShapeContext context(node);
  return views_in(context);
}

bool is_whole_view(const Node& node) {
  const ViewRule* rule = rule_of(node);
  if (rule == nullptr || node.outputs.empty() || node.outputs[0] == nullptr) return false;
  if (node.inputs[0]->type.kind != ValueType::Kind::kTensor) return false;
  const auto is_read = [](const Value* v) { return v != nullptr && v->use_count() > 0; };
  if (std::any_of(node.outputs.begin() + 1, node.outputs.end(), is_read)) return false;
  ShapeContext context(node);
  if (!facts_of(node).shape(context).is_ok() || rule->offset(context, 0) != 0) return false;
  return !rule->may_cut || view_offsets::whole_if_as_many.offset(context, 0) == 0;
}

std::optional<std::vector<int64_t>> whole_view_shape(const Node& node, std::span<const tn_tensor* const> inputs) {
  const ViewRule* rule = rule_of(node);
  if (rule == nullptr || inputs.empty() || inputs[0] == nullptr) return std::nullopt;
  ShapeContext context(node, inputs);
  if (!facts_of(node).shape(context).is_ok()) return std::nullopt;
  auto view = view_of(*rule, context, 0);
  if (!view || view_offsets::whole_if_as_many.offset(context, 0) != 0) return std::nullopt;
  return std::move(view->shape);
}

}  // namespace tenon::host
