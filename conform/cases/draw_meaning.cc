// What inputs mean, by operator and name: axes, indices, sizes.
#include <algorithm>

#include "conform/cases/case_parts.h"
#include "conform/cases/whole_cases.h"

namespace tenon::cases {
namespace {

int64_t count_of(const Shape& shape) {
  int64_t count = 1;
  for (const int64_t d : shape) count *= d;
  return count;
}

Shape several_of(int64_t count, int64_t least, int64_t most, Draw& draw) {
  Shape values(static_cast<size_t>(std::max<int64_t>(count, 0)));
  for (int64_t& v : values) v = draw.between(least, std::max(least, most));
  return values;
}

Shape slice_bounds(size_t count, Draw& draw) {
  Shape values(count);
  for (int64_t& v : values)
    v = draw.chance(8) ? draw.pick<int64_t>({INT64_MAX, INT64_MIN, INT32_MAX}) : draw.between(-6, 7);
  return values;
}

Shape slice_steps(size_t count, Draw& draw) {
  Shape steps(count);
  for (int64_t& s : steps) s = draw.pick<int64_t>({1, 1, 2, -1, -2, 3, 0, INT64_MIN, INT64_MAX});
  return steps;
}

Shape axes_of(std::string_view op, const Shape& x, Draw& draw) {
  const auto rank = static_cast<int64_t>(x.size());
  if (op == "Slice") return draw_axes(std::min<int64_t>(rank, 2), rank, draw);
  if (op == "Unsqueeze") {
    const int64_t added = draw.between(0, 3);
    return draw_axes(added, rank + added, draw);
  }
  if (op != "Squeeze") return draw_axes(op == "Pad" ? rank : draw.between(0, rank), rank, draw);
  Shape axes;
  for (int64_t a = 0; a < rank; ++a)
    if (x[static_cast<size_t>(a)] == 1 ? draw.chance(60) : draw.chance(3))
      axes.push_back(draw.chance(40) ? a - rank : a);
  return axes;
}

Shape reshape_target(const Shape& x, Draw& draw) {
  Shape target = x;
  for (size_t i = target.size(); i > 1; --i)
    if (draw.chance(40)) std::swap(target[i - 1], target[i - 2]);
  if (target.size() > 1 && draw.chance(40)) {
    const int64_t last = target.back();
    target.pop_back();
    target.back() *= last;
  }
  for (size_t i = 0; i < target.size(); ++i)
    if (i < x.size() && target[i] == x[i] && draw.chance(30)) target[i] = 0;
  if (!target.empty() && draw.chance(40))
    target[static_cast<size_t>(draw.between(0, static_cast<int64_t>(target.size()) - 1))] = -1;
  if (draw.chance(15)) target.insert(target.begin(), draw.pick<int64_t>({1, -1, 0, 2, -2, INT64_MAX}));
  return target;
}

Shape shape_target(const Case& c, const Shape& x, Draw& draw) {
  if (c.schema->op_type == "Expand") return broadcast_shape(x, draw);
  if (c.schema->op_type != "CenterCropPad") return reshape_target(x, draw);
  const bool has_axes = c.find("axes") != nullptr;
  return several_of(static_cast<int64_t>(has_axes ? c.numbers("axes").size() : x.size()), 1, 4, draw);
}

// Indices into a dimension, each sort from its end too; at times one is beyond.
Shape indices(const Shape& shape, int64_t size, Draw& draw) {
  const int64_t beyond = draw.chance(8) ? 1 : 0;
  return size == 0 ? Shape(static_cast<size_t>(count_of(shape)), 0)
                   : several_of(count_of(shape), -size - beyond, size - 1 + beyond, draw);
}

Shape tuples(const Shape& shape, const Shape& x, Draw& draw) {
  Shape values;
  const int64_t rows = shape.back() == 0 ? 0 : count_of(shape) / shape.back();
  for (int64_t t = 0; t < rows; ++t)
    for (int64_t d = 0; d < shape.back(); ++d)
      values.push_back(draw.between(0, std::max<int64_t>(x[std::min(static_cast<size_t>(d), x.size() - 1)] - 1, 0)));
  return values;
}

// In a list of as many as it takes; nothing: see element_meaning.
std::optional<Shape> list_meaning(const Case& c, std::string_view name, const Shape& x, Draw& draw) {
  const std::string_view op = c.schema->op_type;
  const auto rank = static_cast<int64_t>(x.size());
  const size_t sliced = std::min<size_t>(x.size(), 2);
  if (op == "ConstantOfShape") return draw.chance(10) ? Shape{2, -1} : draw.shape(0, 4);
  if (name == "starts" || name == "ends") return slice_bounds(draw.chance(95) ? sliced : sliced + 1, draw);
  if (name == "steps") return slice_steps(sliced, draw);
  if (name == "axes") return axes_of(op, x, draw);
  if (name == "split")
    return std::get<Shape>(draw_attribute(c, {"split", host::AttributeKind::kInts, false}, x, draw).payload);
  if (name == "shape") return shape_target(c, x, draw);
  if (name == "repeats") return several_of(rank, 0, 3, draw);
  if (name == "pads") return several_of(2 * rank, 0, 2, draw);
  if (name == "sizes") return several_of(rank, 1, 4, draw);
  if (name == "scales" && (op == "Resize" || op == "Upsample")) return several_of(rank, 1, 2, draw);
  if (name == "roi") return Shape{};
  if (name == "K" && op == "TopK") return Shape{rank == 0 ? 1 : draw.between(0, x[axis_of(c, -1, x)])};
  return std::nullopt;
}

// In the shape that is drawn for the input.
std::optional<Shape> element_meaning(const Case& c, std::string_view name, const Shape& shape, const Shape& x,
                                     Draw& draw) {
  const std::string_view op = c.schema->op_type;
  const auto rank = static_cast<int64_t>(x.size());
  const int64_t count = count_of(shape);
  if (op == "Gather" && name == "indices" && rank > 0) return indices(shape, x[axis_of(c, 0, x)], draw);
  if (name == "indices" && (op == "GatherElements" || op == "Scatter" || op == "ScatterElements") && rank > 0)
    return indices(shape, x[axis_of(c, 0, x)], draw);
  if (name == "indices" && (op == "GatherND" || op == "ScatterND") && rank > 0 && !shape.empty())
    return tuples(shape, x, draw);
  if (op == "MaxUnpool" && name == "I") return several_of(count, 0, count_of(x) - 1, draw);
  if (op == "TensorScatter" && name == "write_indices") return several_of(count, 0, 1, draw);
  if (op == "ReverseSequence" && name == "sequence_lens") return several_of(count, 1, 1, draw);
  if (op == "CumSum" || op == "CumProd")
    return name == "axis" ? several_of(count, -rank, rank - 1, draw) : std::optional<Shape>();
  if (op == "Tile" && name == "tiles") return several_of(count, 1, 3, draw);
  if (op == "Tile" && name == "axis") return several_of(count, 0, rank - 1, draw);
  if (op == "Range") return several_of(count, name == "limit" ? 3 : 1, name == "limit" ? 9 : 2, draw);
  if (op == "OneHot" && name == "depth") return several_of(count, 1, 4, draw);
  if (op == "EmbedLayerNormalization" && (name.ends_with("_ids") || name == "mask"))
    return several_of(count, 0, 3, draw);
  const bool has_past = c.inputs.size() > 3 && c.inputs[3].dtype() != TN_UNDEFINED;
  if (op == "GroupQueryAttention" && name == "seqlens_k") return Shape{has_past ? 2 : 0};
  if (op == "GroupQueryAttention" && name == "total_sequence_length") return Shape{has_past ? 3 : 1};
  // The quotient by a variance of 0 leaves nothing but rounding of a difference.
  if (name == "var" || name == "input_var") return several_of(count, 1, 9, draw);
  return std::nullopt;
}

}  // namespace

std::optional<host::Tensor> meaning_of(const Case& c, std::string_view name, tn_dtype dtype, const Shape& shape,
                                       const Shape& x, Draw& draw) {
  // Most texts are no numbers.
  if (dtype == TN_STRING && c.schema->op_type.starts_with("Cast") && draw.chance(60))
    return tensor_of(dtype, shape, several_of(count_of(shape), 0, 9, draw));
  if (auto whole = whole_elements(*c.schema, name, count_of(shape)); whole && draw.chance(95))
    return tensor_of(dtype, shape, *whole);
  if (auto list = list_meaning(c, name, x, draw)) return tensor_of(dtype, {static_cast<int64_t>(list->size())}, *list);
  if (auto elements = element_meaning(c, name, shape, x, draw)) return tensor_of(dtype, shape, *elements);
  return std::nullopt;
}

}  // namespace tenon::cases
