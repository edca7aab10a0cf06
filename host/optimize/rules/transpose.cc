// Transposes that change no order, and Transposes of what another one has transposed. Without a perm a Transpose
// reverses the dimensions, for which their number has to be known.
#include <algorithm>
#include <numeric>

#include "host/optimize/rules/rules.h"

namespace tenon::host {
namespace {

using Order = std::vector<int64_t>;

bool has_one_tensor(const Node& node) {
  return node.inputs.size() == 1 && node.outputs.size() == 1 && node.inputs[0] != nullptr && node.outputs[0] != nullptr;
}

bool is_order(const Order& order) {
  Order sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i < sorted.size(); ++i)
    if (sorted[i] != static_cast<int64_t>(i)) return false;
  return true;
}

// Where dimension i of the result comes from; nothing when it is not known.
std::optional<Order> order_of(const Node& node) {
  if (node.find_attribute("perm") != nullptr) {
    auto order = node.ints_attribute("perm");
    return order && is_order(*order) ? order : std::nullopt;
  }
  const ValueType& type = node.inputs[0]->type;
  if (!type.is_proven || !type.dims) return std::nullopt;
  Order order(type.dims->size());
  std::iota(order.rbegin(), order.rend(), 0);
  return order;
}

}  // namespace

bool remove_transpose(std::string_view name, Node& node, Rewriter& rewriter) {
  if (!has_one_tensor(node)) return false;
  const auto order = order_of(node);
  if (!order || !std::is_sorted(order->begin(), order->end())) return false;
  if (!rewriter.can_replace(*node.outputs[0], *node.inputs[0])) return false;
  rewriter.replace(name, node, *node.outputs[0], *node.inputs[0]);
  return true;
}

bool join_transposes(std::string_view name, Node& node, Rewriter& rewriter) {
  if (!has_one_tensor(node)) return false;
  Node* first = producer_of(node, 0, "Transpose");
  if (first == nullptr || !has_one_tensor(*first) || first->inputs[0]->graph != &rewriter.graph()) return false;
  const auto before = order_of(*first), after = order_of(node);
  if (!before || !after || before->size() != after->size()) return false;
  Order joined;
  for (const int64_t i : *after) joined.push_back((*before)[static_cast<size_t>(i)]);
  // Where others read the first one, too, nothing is gained but when both cancel.
  if (node.inputs[0]->use_count() > 1 && !std::is_sorted(joined.begin(), joined.end())) return false;
  set_order(node, std::move(joined));
  rewriter.set_input(node, 0, *first->inputs[0]);
  rewriter.erase_unread(name, *first);
  return true;
}

}  // namespace tenon::host
