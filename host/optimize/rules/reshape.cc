// Reshapes to the shape that is there, and Reshapes of what another one has reshaped. Only shapes that follow from
// inputs and constants count: what a model declares may be wrong.
#include <algorithm>

#include "host/graph/node_builder.h"
#include "host/graph/shape_rules/shape_context.h"
#include "host/graph/shape_rules/told_dims.h"
#include "host/optimize/rules/rules.h"

namespace tenon::host {
namespace {

// The constant shape of a Reshape from opset 5 on; nothing otherwise.
std::optional<std::vector<int64_t>> wanted_shape(const Node& node) {
  if (node.since_version < 5 || node.inputs.size() != 2 || node.outputs.size() != 1) return std::nullopt;
  if (node.inputs[0] == nullptr || node.inputs[1] == nullptr || node.outputs[0] == nullptr) return std::nullopt;
  return ShapeContext(node).ints(1);
}

bool copies_zeros(const Node& node) {
  return node.int_attribute("allowzero").value_or(0) == 0;
}

// Whether the shape is `dims` whatever the unknown of them are: all but one are equal, and that one follows.
bool is_shape_of(const std::vector<int64_t>& wanted, const std::vector<Dim>& dims, bool zero_copies) {
  if (wanted.size() != dims.size() || std::count(wanted.begin(), wanted.end(), -1) > 1) return false;
  for (size_t i = 0; i < dims.size(); ++i)
    if (wanted[i] != -1 && !(wanted[i] == 0 && zero_copies) && wanted[i] != dims[i].value) return false;
  return true;
}

// The same shape in numbers: 0 for a dimension of x that stays where it was, -1 where it is said. Nothing when a
// dimension is neither.
std::optional<std::vector<int64_t>> stated_numbers(const std::vector<ToldDim>& told, const Value& x) {
  std::vector<int64_t> numbers;
  for (size_t i = 0; i < told.size(); ++i) {
    const bool is_kept = told[i].of == &x && told[i].axis == i && i < x.type.dims->size();
    if (!told[i].number && !is_kept) return std::nullopt;
    numbers.push_back(told[i].number.value_or(0));
  }
  return numbers;
}

}  // namespace

bool state_shape(std::string_view name, Node& node, Rewriter& rewriter) {
  if (node.since_version < 5 || node.inputs.size() != 2 || !copies_zeros(node)) return false;
  Value *x = node.inputs[0], *shape = node.inputs[1];
  if (x == nullptr || shape == nullptr || shape->producer == nullptr || shape->is_constant() || !x->type.dims)
    return false;
  const auto told = told_dims(*shape);
  const auto stated = told ? stated_numbers(*told, *x) : std::nullopt;
  if (!stated || shape->graph != &rewriter.graph()) return false;
  auto tensor = Tensor::allocate(TN_INT64, {static_cast<int64_t>(stated->size())}, Residence::kComputed,
                                 "of a Reshape to the dimensions of its input");
  if (!tensor.is_ok()) return false;
  std::copy(stated->begin(), stated->end(), static_cast<int64_t*>(tensor->mutable_data()));
  auto constant = NodeBuilder(rewriter.graph()).constant("", *tensor);
  if (!constant.is_ok()) return false;
  Node& maker = *shape->producer;
  rewriter.set_input(node, 1, **constant);
  rewriter.erase_unread(name, maker);
  return true;
}

bool remove_reshape(std::string_view name, Node& node, Rewriter& rewriter) {
  const auto wanted = wanted_shape(node);
  if (!wanted) return false;
  const ValueType& type = node.inputs[0]->type;
  if (!type.is_proven || !type.dims || !is_shape_of(*wanted, *type.dims, copies_zeros(node))) return false;
  if (!rewriter.can_replace(*node.outputs[0], *node.inputs[0])) return false;
  rewriter.replace(name, node, *node.outputs[0], *node.inputs[0]);
  return true;
}

bool join_reshapes(std::string_view name, Node& node, Rewriter& rewriter) {
  const auto wanted = wanted_shape(node);
  // A zero is a dimension of what is reshaped, so another input would mean another one.
  if (!wanted || (copies_zeros(node) && std::count(wanted->begin(), wanted->end(), 0) > 0)) return false;
  Node* first = nullptr;
  for (const char* op_type : {"Reshape", "Flatten", "Squeeze", "Unsqueeze"})
    if (first == nullptr) first = producer_of(node, 0, op_type);
  if (first == nullptr || first->inputs.empty() || first->inputs[0] == nullptr) return false;
  Value& source = *first->inputs[0];
  if (source.graph != &rewriter.graph() || source.type.kind != ValueType::Kind::kTensor) return false;
  rewriter.set_input(node, 0, source);
  rewriter.erase_unread(name, *first);
  return true;
}

}  // namespace tenon::host
