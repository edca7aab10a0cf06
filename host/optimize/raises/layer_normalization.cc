// LayerNormalization: (x - mean) / sqrt(mean of squares + epsilon), times a scale and plus a bias of the shape of the
// dimensions that the means are taken over, which are the last ones. Between narrow types and float there may be Casts.
#include <algorithm>
#include <cmath>

#include "host/graph/shape_rules/shape_context.h"
#include "host/optimize/raises/raises.h"

namespace tenon::host {
namespace {

constexpr int64_t kMostOnes = int64_t{1} << 20;  // of a scale that the model does not have

bool keeps_dims(const Node& mean) {
  return mean.int_attribute("keepdims") != 0 && mean.int_attribute("noop_with_empty_axes").value_or(0) == 0;
}

Pattern mean_of(Pattern values) {
  return op("ReduceMean", {std::move(values)}, keeps_dims);
}

// How many dimensions the node takes the mean over, if they are the last ones of `rank`; 0 otherwise.
size_t averaged_dims(const Node& mean, size_t rank) {
  bool given = false;
  auto axes = ShapeContext(mean).axes(1, &given);
  if (!axes) return 0;
  if (!given) return rank;
  if (axes->size() > rank) return 0;
  for (int64_t& axis : *axes) axis += axis < 0 ? static_cast<int64_t>(rank) : 0;
  std::sort(axes->begin(), axes->end());
  for (size_t i = 0; i < axes->size(); ++i)
    if ((*axes)[i] != static_cast<int64_t>(rank - axes->size() + i)) return 0;
  return axes->size();
}

// The number for all means of the match; 0 when they differ.
size_t averaged_dims(const Match& match, size_t rank) {
  std::vector<size_t> counts;
  for (const Node* node : match.nodes)
    if (node->op_type == "ReduceMean") counts.push_back(averaged_dims(*node, rank));
  return std::adjacent_find(counts.begin(), counts.end(), std::not_equal_to<>()) == counts.end() ? counts[0] : 0;
}

// Proven shapes alone: what a model declares may be wrong.
std::optional<std::vector<int64_t>> normalized_shape(const Match& match) {
  const ValueType& type = match.value("x")->type;
  if (!type.dims || !type.is_proven) return std::nullopt;
  const size_t count = averaged_dims(match, type.dims->size());
  const auto shape = *numeric_shape(type);
  const std::vector<int64_t> normalized(shape.end() - static_cast<ptrdiff_t>(count), shape.end());
  const bool is_known = count > 0 && std::all_of(normalized.begin(), normalized.end(), [](int64_t d) { return d > 0; });
  return is_known ? std::optional(normalized) : std::nullopt;
}

bool has_shape(const Value& value, const std::vector<int64_t>& shape) {
  return value.type.dims && value.type.is_proven && numeric_shape(value.type) == shape;
}

template <typename T>
std::optional<Tensor> filled(tn_dtype dtype, const std::vector<int64_t>& shape, T element) {
  auto tensor = Tensor::allocate(dtype, shape, Residence::kComputed, "of a LayerNormalization that has no scale");
  if (!tensor.is_ok()) return std::nullopt;
  std::fill_n(static_cast<T*>(tensor->mutable_data()), tensor->element_count(), element);
  return *tensor;
}

std::optional<Tensor> ones(tn_dtype dtype, const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (const int64_t d : shape) count = d > kMostOnes / count ? kMostOnes + 1 : count * d;
  if (count > kMostOnes) return std::nullopt;
  switch (dtype) {
    case TN_FLOAT: return filled(dtype, shape, 1.0F);
    case TN_DOUBLE: return filled(dtype, shape, 1.0);
    case TN_FLOAT16: return filled(dtype, shape, uint16_t{0x3c00});
    case TN_BFLOAT16: return filled(dtype, shape, uint16_t{0x3f80});
    default: return std::nullopt;
  }
}

std::vector<Proposal> propose_layer_normalization(const Match& match) {
  Value* x = match.value("x");
  const auto shape = normalized_shape(match);
  const double epsilon = *match.number("epsilon");
  if (!shape || !keeps_precision(match, *match.value("x")) || !(epsilon >= 0) ||
      !std::isfinite(static_cast<float>(epsilon)))
    return {};
  Proposal made{"LayerNormalization", {x}};
  for (const char* name : {"scale", "bias"}) {
    Value* value = match.value(name);
    if (value == nullptr) continue;
    if (!has_shape(*value, *shape)) return {};
    made.inputs.emplace_back(value);
  }
  if (match.value("scale") == nullptr) {
    const auto scale = ones(x->type.dtype, *shape);
    if (!scale) return {};
    made.inputs.emplace_back(*scale);
  }
  made.attributes = {{"axis", -static_cast<int64_t>(shape->size())}, {"epsilon", static_cast<float>(epsilon)}};
  // Sums in double stay so.
  if (x->type.dtype == TN_DOUBLE) made.attributes.push_back({"stash_type", int64_t{TN_DOUBLE}});
  return {std::move(made)};
}

}  // namespace

Raise raise_layer_normalization() {
  const Pattern x = any("x");
  const Pattern centered = maybe_cast(op("Sub", {x, mean_of(x)}));
  const Pattern square = either({op("Pow", {centered, near(2)}), op("Mul", {centered, centered})});
  const Pattern deviation = maybe_cast(op("Sqrt", {op("Add", {mean_of(square), number("epsilon")})}));
  const Pattern quotient =
      either({op("Div", {centered, deviation}), op("Mul", {centered, op("Reciprocal", {deviation})})});
  const Pattern scaled = op("Mul", {maybe_cast(quotient), any("scale")});
  return {"as together they are a LayerNormalization",
          {op("Add", {scaled, any("bias")}), scaled, maybe_cast(quotient)},
          propose_layer_normalization};
}

}  // namespace tenon::host
