// Attributes by name: absent, default, each legal value, edges, and what is not legal.
#include <algorithm>
#include <numeric>

#include "conform/cases/case_parts.h"
#include "conform/cases/whole_cases.h"

namespace tenon::cases {
namespace {

using host::AttributeKind;

Shape several(size_t count, int64_t least, int64_t most, Draw& draw) {
  Shape values(count);
  for (int64_t& v : values) v = draw.between(least, most);
  if (draw.chance(4)) values.push_back(1);
  if (!values.empty() && draw.chance(4)) values.pop_back();
  if (!values.empty() && draw.chance(3)) values[0] = draw.pick<int64_t>({0, -1, INT32_MAX, INT64_MAX, INT64_MIN});
  return values;
}

Shape draw_permutation(size_t rank, Draw& draw) {
  Shape perm(rank);
  std::iota(perm.begin(), perm.end(), 0);
  for (size_t i = rank; i > 1; --i)
    std::swap(perm[i - 1], perm[static_cast<size_t>(draw.between(0, static_cast<int64_t>(i) - 1))]);
  if (draw.chance(15)) return several(rank, -static_cast<int64_t>(rank), static_cast<int64_t>(rank), draw);
  return perm;
}

int64_t draw_number(std::string_view name, const Shape& x, const Case& c, Draw& draw) {
  const auto rank = static_cast<int64_t>(x.size());
  if (draw.chance(3)) return draw.pick<int64_t>({INT64_MAX, INT64_MIN, INT32_MAX, -7, 9});
  if (name == "axis")
    return draw.chance(6) ? draw.pick<int64_t>({-rank - 1, rank, rank + 1})
           : rank == 0    ? 0
                          : draw.between(-rank, rank - 1);
  if (name == "start" || name == "end") return draw.between(-rank - 2, rank + 2);
  if (name == "kv_num_heads" || name == "blocksize" || name == "num_groups") return 1;
  if (name == "to" || name == "output_dtype" || name == "dtype")
    return draw.chance(5) ? draw.pick<int64_t>({0, 99, -1})
                          : draw.pick<int64_t>({1, 11, 10, 16, 3, 2, 5, 4, 6, 7, 9, 12, 13});
  if (name == "group") return draw.pick<int64_t>({1, 1, 2, 3, 0, -1, x.size() > 1 ? x[1] : 1});
  if (name == "num_outputs") return static_cast<int64_t>(c.outputs.size()) + (draw.chance(10) ? 1 : 0);
  if (name == "block_size") return draw.pick<int64_t>({0, 1, 2, 3, 0, -1});
  if (name == "size") return draw.pick<int64_t>({1, 2, 3, 4, 5, 7, 0, -1});
  if (name == "storage_order" || name == "spatial") return draw.pick<int64_t>({0, 1, 1});
  return draw.pick<int64_t>({0, 1, 1, 0, 1, 2, -1});
}

Shape draw_numbers(std::string_view name, const Shape& x, const Case& c, Draw& draw) {
  const size_t spatial = x.size() > 2 ? x.size() - 2 : 1;
  const auto rank = static_cast<int64_t>(x.size());
  if (draw.chance(3)) return {};
  if (name == "kernel_shape") return several(spatial, 1, 3, draw);
  if (name == "strides" || name == "dilations") return several(spatial, 1, 3, draw);
  if (name == "paddings" || (name == "pads" && c.schema->op_type == "Pad")) return several(2 * x.size(), 0, 2, draw);
  if (name == "pads") return several(2 * spatial, 0, 2, draw);
  if (name == "perm") return draw_permutation(x.size(), draw);
  if (name == "axes")
    return draw_axes(draw.between(0, rank + 1), rank + (c.schema->op_type == "Unsqueeze" ? 1 : 0), draw);
  if (name == "starts" || name == "ends") return several(std::min<size_t>(x.size(), 2), -6, 7, draw);
  if (name == "split") {
    const int64_t axis = c.number("axis", 0);
    if (axis < -rank || axis >= rank) return several(c.outputs.size(), 0, 3, draw);
    Shape parts = several(c.outputs.size(), 0, 1, draw);
    const int64_t size = x[static_cast<size_t>(axis < 0 ? axis + rank : axis)];
    if (!parts.empty() && draw.chance(85)) {
      // Unsigned: among sizes there are extreme ones.
      uint64_t rest = static_cast<uint64_t>(size);
      for (auto part = parts.begin(); part != parts.end() - 1; ++part) rest -= static_cast<uint64_t>(*part);
      parts.back() = static_cast<int64_t>(rest);
    }
    return parts;
  }
  return several(static_cast<size_t>(draw.between(0, 3)), -1, 3, draw);
}

std::string draw_text(std::string_view name, std::string_view op, Draw& draw) {
  using Text = const char*;
  if (name == "to") return draw.pick<Text>({"FLOAT", "DOUBLE", "INT64", "INT8", "BOOL", "", "other"});
  if (name == "auto_pad") return draw.pick<Text>({"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER", "", "SAME", "NOTSET"});
  if (name == "activation") return draw.pick<Text>({"", "Relu", "Clip", "Tanh", "Sigmoid", "LeakyRelu", "Nothing"});
  if (name == "approximate") return draw.pick<Text>({"none", "tanh", "", "other"});
  if (name == "round_mode") return draw.pick<Text>({"up", "down", "nearest", "up", "", "other"});
  if (name == "direction") return draw.pick<Text>({"LEFT", "RIGHT", "LEFT", "RIGHT", "", "other"});
  if (name == "equation") return draw.pick<Text>({"...->...", "...,...->...", "...,...", "i,i->i", "ij->ji"});
  if (name == "reduction") return draw.pick<Text>({"none", "add", "mul", "max", "min", "", "other"});
  if (name == "padding_mode") return draw.pick<Text>({"zeros", "border", "reflection", "other"});
  if (name == "coordinate_transformation_mode") return draw.pick<Text>({"half_pixel", "asymmetric", "align_corners"});
  if (name == "nearest_mode") return draw.pick<Text>({"floor", "ceil", "round_prefer_floor"});
  if (name == "keep_aspect_ratio_policy") return draw.pick<Text>({"stretch", "not_larger", "not_smaller"});
  if (name == "mode" && op == "Pad") return draw.pick<Text>({"constant", "reflect", "edge", "", "other"});
  if (name == "mode" && op == "TensorScatter") return draw.pick<Text>({"linear", "circular", "other"});
  if (name == "mode" && op == "DepthToSpace") return draw.pick<Text>({"DCR", "CRD", "other"});
  if (name == "mode") return draw.pick<Text>({"nearest", "linear", "bilinear", "cubic", "", "other"});
  return draw.pick<Text>({"", "NOTSET", "other"});
}

// Roots and powers of what may be below or near 0 tell providers apart by their rounding alone: none there.
float draw_real(std::string_view name, const Case& c, Draw& draw) {
  if (name == "gate_lower_bound") return draw.pick({-5.0f, -1.0f, -0.5f, 0.0f});
  if (name == "epsilon") return draw.pick({1e-5f, 1e-3f, 0.3f});
  if (name == "clip") return draw.pick({1.0f, 0.5f, 2.0f, 1e-5f, 0.0f});  // of a recurrent cell: 0 or more
  if (name.ends_with("_scale")) return draw.pick({1.0f, 2.0f, 0.5f, 1.0f, -1.0f});
  if (c.schema->op_type == "LRN") return draw.pick({1.0f, 0.5f, 0.75f, 2.0f, 1e-4f});
  return draw.pick({0.0f, 1.0f, 0.5f, 1e-5f, -1.0f, 2.0f, 0.75f});
}

}  // namespace

Shape draw_axes(int64_t count, int64_t rank, Draw& draw) {
  Shape all(static_cast<size_t>(rank)), axes;
  std::iota(all.begin(), all.end(), 0);
  for (int64_t i = 0; i < count && !all.empty(); ++i) {
    const auto at = all.begin() + draw.between(0, static_cast<int64_t>(all.size()) - 1);
    axes.push_back(draw.chance(40) ? *at - rank : *at);
    all.erase(at);
  }
  if (draw.chance(4)) axes.push_back(draw.between(-rank - 1, rank));
  return axes;
}

host::Attribute draw_attribute(const Case& c, const host::AttributeSchema& schema, const Shape& x, Draw& draw) {
  const std::string name(schema.name);
  if (auto fitting = whole_attribute(*c.schema, name); fitting && draw.chance(95)) return *std::move(fitting);
  switch (schema.kind) {
    case AttributeKind::kInt: return {name, draw_number(name, x, c, draw)};
    case AttributeKind::kInts: return {name, draw_numbers(name, x, c, draw)};
    case AttributeKind::kString: return {name, draw_text(name, c.schema->op_type, draw)};
    case AttributeKind::kFloat: return {name, draw_real(name, c, draw)};
    case AttributeKind::kFloats: {
      if (name == "scales") return {name, std::vector<float>(x.size(), draw.pick({1.0f, 2.0f}))};
      std::vector<float> values(static_cast<size_t>(draw.between(0, 3)));
      for (float& v : values) v = static_cast<float>(draw.between(-2, 6));
      return {name, std::move(values)};
    }
    case AttributeKind::kStrings: return {name, std::vector<std::string>()};
    default: {
      const auto dtype = draw.pick<tn_dtype>({TN_FLOAT, TN_INT64, TN_INT32, TN_BOOL, TN_DOUBLE, TN_FLOAT16, TN_UINT8});
      return {name, draw_tensor(dtype, draw.pick<Shape>({{1}, {1}, {1}, {}, {2}, {0}, {1, 1}}), Edges::kNone, draw)};
    }
  }
}

}  // namespace tenon::cases
