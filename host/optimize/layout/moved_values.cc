#include "host/optimize/layout/moved_values.h"

#include <algorithm>

#include "host/graph/layout.h"
#include "host/graph/schema.h"
#include "host/optimize/layout/movable.h"

namespace tenon::host {

Value* MovedValues::find(const Value& value) const {
  const auto found = last_.find(&value);
  return found == last_.end() ? nullptr : found->second;
}

void MovedValues::note(Node& transpose, const Value* value, Value* last) {
  transposes_.push_back(&transpose);
  if (value != nullptr && last != nullptr) last_[value] = last;
}

bool MovedValues::can_move(const Value& operand, size_t rank, bool broadcasts, bool at_cost) const {
  if (last_.contains(&operand)) return rank_of(operand) == rank;
  if (operand.is_constant())
    return can_reshape(operand, rank) && (broadcasts || operand.constant->shape().size() == rank);
  if (broadcasts && is_single_element(operand)) return rank_of(operand) <= rank;
  return operand.type.is_proven && has_layout(&operand) && rank_of(operand) == rank && (at_cost || lies_alike(operand));
}

std::optional<size_t> MovedValues::moved_reads(const std::vector<Value*>& operands) const {
  std::optional<size_t> most;
  for (const Value* input : operands)
    if (input != nullptr && last_.contains(input))
      most = std::max(most.value_or(1), static_cast<size_t>(input->use_count()));
  return most;
}

Result<Value*> MovedValues::moved(Value& operand, size_t rank, const Node& reader) {
  if (Value* last = find(operand)) return last;
  if (operand.is_constant()) return operand.constant->element_count() > 1 ? reshaped(operand, rank) : &operand;
  if (rank_of(operand) < rank || is_single_element(operand)) return &operand;
  return channels_last(operand, reader);
}

Result<Value*> MovedValues::reshaped(const Value& value, size_t rank) {
  const Tensor& t = *value.constant;
  std::vector<int64_t> shape(rank - t.shape().size(), 1);
  shape.insert(shape.end(), t.shape().begin(), t.shape().end());
  shape = permuted(shape, to_channels_last(rank));
  return builder_.constant("", t.part(std::move(shape), 0, t.byte_length()));
}

Status MovedValues::give_last(Node& node) {
  std::vector<Value*> results;
  for (Value*& y : node.outputs) {
    if (y == nullptr || !has_layout(y)) continue;
    results.push_back(y);
    TENON_ASSIGN_OR_RETURN(y, fresh(*y));
    last_[results.back()] = y;
    results.back()->producer = nullptr;
  }
  graph_.connect(node);
  for (Value* y : results) add_transpose(*last_[y], *y, to_channels_first(rank_of(*y)), node);
  return {};
}

Result<Value*> MovedValues::channels_last(Value& x, const Node& reader) {
  if (Value* last = find(x)) return last;
  TENON_ASSIGN_OR_RETURN(Value * x_last, fresh(x));
  add_transpose(x, *x_last, to_channels_last(rank_of(x)), reader);
  last_[&x] = x_last;
  return x_last;
}

Result<Value*> MovedValues::fresh(const Value& like) {
  TENON_ASSIGN_OR_RETURN(Value * value, graph_.add_value(""));
  value->type = like.type;
  value->type.dims = permuted(*like.type.dims, to_channels_last(like.type.dims->size()));
  return value;
}

void MovedValues::add_transpose(Value& from, Value& to, std::vector<int64_t> perm, const Node& near) {
  Node* node = builder_.node("Transpose", {&from}, {&to}, {{"perm", std::move(perm)}}, &near);
  node->name = concat(near.name, from.producer == &near ? "/channels_first" : "/channels_last");
  node->schema = transpose_;
  node->since_version = transpose_->since_version;
  transposes_.push_back(node);
  own_.insert(node);
}

void MovedValues::erase_unread(RemovalLog& log) {
  // Readers before what they read.
  for (auto node = transposes_.rbegin(); node != transposes_.rend(); ++node) {
    if (is_read((*node)->outputs[0])) continue;
    if (!own_.contains(*node)) log.add("as their readers have the layout that they undo", **node);
    graph_.erase_node(**node);
  }
}

}  // namespace tenon::host
