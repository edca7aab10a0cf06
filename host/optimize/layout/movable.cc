#include "host/optimize/layout/movable.h"

#include <algorithm>

#include "host/graph/layout.h"

namespace tenon::host {

size_t rank_of(const Value& value) {
  return value.type.dims ? value.type.dims->size() : 0;
}

bool has_layout(const Value* value) {
  return value != nullptr && value->type.kind == ValueType::Kind::kTensor && rank_of(*value) >= kLeastLayoutRank;
}

bool is_read(const Value* value) {
  return value != nullptr && value->use_count() > 0;
}

static bool is_unit(const Dim& dim) {
  return dim.value == 1;
}

bool lies_alike(const Value& value) {
  if (!has_layout(&value)) return false;
  const auto& dims = *value.type.dims;
  return is_unit(dims[1]) || std::all_of(dims.begin() + 2, dims.end(), is_unit);
}

bool is_single_element(const Value& value) {
  return value.type.kind == ValueType::Kind::kTensor && value.type.is_proven && value.type.dims &&
         std::all_of(value.type.dims->begin(), value.type.dims->end(), is_unit);
}

bool can_reshape(const Value& constant, size_t rank) {
  const auto& shape = constant.constant->shape();
  if (shape.size() > rank) return false;
  return std::count_if(shape.begin(), shape.end(), [](int64_t d) { return d != 1; }) <= 1;
}

bool moves(const Node& node, const std::vector<int64_t>& perm) {
  return node.domain.empty() && node.op_type == "Transpose" && node.ints_attribute("perm") == perm;
}

bool is_plain_reshape(const Node& node) {
  // Before opset 5 an attribute said the shape.
  return node.domain.empty() && node.op_type == "Reshape" && node.since_version >= 5 && node.inputs.size() == 2 &&
         node.int_attribute("allowzero").value_or(0) == 0;
}

Node* only_reader(const Value& value) {
  if (value.handed_out != 0 || value.uses.size() != 1) return nullptr;
  Node& reader = *value.uses.begin()->node;
  return !reader.inputs.empty() && reader.inputs[0] == &value && reader.outputs.size() == 1 ? &reader : nullptr;
}

Value stand_in(const Value& value, bool is_moved) {
  Value copy;
  copy.name = value.name;
  copy.type = value.type;
  if (value.constant) copy.constant = value.constant;
  if (is_moved) copy.type.dims = permuted(*value.type.dims, to_channels_last(rank_of(value)));
  return copy;
}

}  // namespace tenon::host
