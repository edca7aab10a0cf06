// The inputs of a case: shapes that mostly fit each other, and integers that mostly mean something.
#include <algorithm>
#include <tenon/sdk/geometry/window.hpp>

#include "host/base/dtype.h"
#include "tests/providers/walk/case_parts.h"

namespace tenon::walk {
namespace {

struct Line {
  std::string_view op_type;
  Family family;
};
constexpr Line kFamilies[] = {
    {"Attention", Family::kAttention},
    {"AveragePool", Family::kWindow},
    {"BatchNormalization", Family::kChannels},
    {"BiasGelu", Family::kLastAxis},
    {"Clip", Family::kScalars},
    {"Concat", Family::kConcat},
    {"ConstantOfShape", Family::kPlain},
    {"Conv", Family::kWindow},
    {"DequantizeLinear", Family::kQuantize},
    {"Dropout", Family::kScalars},
    {"FusedConv", Family::kWindow},
    {"FusedMatMul", Family::kMatMul},
    {"Gather", Family::kGather},
    {"Gemm", Family::kGemm},
    {"GlobalAveragePool", Family::kWindow},
    {"LRN", Family::kChannels},
    {"LayerNormalization", Family::kNormalize},
    {"MatMul", Family::kMatMul},
    {"MaxPool", Family::kWindow},
    {"Reshape", Family::kPlain},
    {"Slice", Family::kPlain},
    {"Split", Family::kPlain},
    {"Squeeze", Family::kPlain},
    {"Unsqueeze", Family::kPlain},
};

// The attribute getters that the SDK reads windows by.
struct CaseAttributes {
  const Case& c;
  std::string attr_string(const char* name) const {
    const host::Attribute* a = c.find(name);
    return a == nullptr ? "" : std::get<std::string>(a->payload);
  }
  Shape attr_ints(const char* name) const { return c.numbers(name); }
  int64_t attr_int(const char* name) const { return c.number(name, 0); }
  int since_version() const { return c.schema->since_version; }
};

size_t axis_of(const Case& c, int64_t fallback, const Shape& x) {
  const auto rank = static_cast<int64_t>(x.size());
  const int64_t axis = c.number("axis", fallback);
  if (axis < -rank || axis >= rank) return 0;
  return static_cast<size_t>(axis < 0 ? axis + rank : axis);
}

// A shape that broadcasts with x.
Shape broadcast_shape(const Shape& x, Draw& draw) {
  Shape y(x.begin() + draw.between(0, static_cast<int64_t>(x.size())), x.end());
  if (draw.chance(60)) y = x;
  for (int64_t& d : y)
    if (draw.chance(20))
      d = 1;
    else if (d == 1 && draw.chance(20))
      d = draw.size();
  if (draw.chance(10)) y.insert(y.begin(), draw.size());
  return y;
}

std::vector<Shape> matmul_shapes(const Case& c, Draw& draw) {
  const int64_t m = draw.size(), k = draw.size(), n = draw.size();
  const bool transposes_a = c.number("transA", 0) != 0, transposes_b = c.number("transB", 0) != 0;
  Shape a = draw.chance(70) ? draw.shape(0, 2) : Shape(), b = broadcast_shape(a, draw);
  if (c.number("transBatchA", 0) != 0 && !a.empty() && draw.chance(50)) b.clear();
  const Shape end_a = transposes_a ? Shape{k, m} : Shape{m, k}, end_b = transposes_b ? Shape{n, k} : Shape{k, n};
  a.insert(a.end(), end_a.begin(), end_a.end());
  b.insert(b.end(), end_b.begin(), end_b.end());
  if (draw.chance(12)) a = {k};
  if (draw.chance(12)) b = {k};
  return {a, b};
}

std::vector<Shape> gemm_shapes(const Case& c, Draw& draw) {
  const int64_t m = draw.size(), k = draw.size(), n = draw.size();
  const Shape a = c.number("transA", 0) != 0 ? Shape{k, m} : Shape{m, k};
  const Shape b = c.number("transB", 0) != 0 ? Shape{n, k} : Shape{k, n};
  return {a, b, draw.pick<Shape>({{m, n}, {n}, {1, n}, {m, 1}, {1}, {}, {1, 1}, {m}, {1, m, n}, {n, 1}})};
}

std::vector<Shape> window_shapes(const Case& c, const Shape& x, Draw& draw) {
  const int64_t group = std::max<int64_t>(1, std::min<int64_t>(c.number("group", 1), 4));
  Shape input = x;
  if (input.size() > 1 && draw.chance(90)) input[1] = group * draw.between(1, 2);
  Shape weight{group * draw.between(1, 3), input.size() > 1 ? input[1] / group : 1};
  const Shape kernel = c.numbers("kernel_shape");
  for (size_t i = 2; i < input.size(); ++i)
    weight.push_back(i - 2 < kernel.size() && kernel[i - 2] > 0 && kernel[i - 2] < 9 ? kernel[i - 2]
                                                                                     : draw.between(1, 3));
  Shape y{input.empty() ? 1 : input[0], weight[0]};
  auto window = sdk::WindowAttributes::parse(CaseAttributes{c});
  for (size_t i = 2; i < input.size(); ++i) {
    if (!window.is_ok() || !window.value().check_rank(input.size() - 2).is_ok()) break;
    auto axis = window.value().fit(i - 2, input.size() - 2, input[i], weight[i]);
    y.push_back(axis.is_ok() ? axis.value().out : 1);
  }
  return {input, weight, {weight[0]}, y};
}

// Heads are a dimension, or in the last one where both attributes say how many.
std::vector<Shape> attention_shapes(const Case& c, Draw& draw) {
  const int64_t of_keys = c.number("kv_num_heads", 0), of_queries = c.number("q_num_heads", 0);
  const bool flat = of_keys > 0 && of_keys < 4 && of_queries > 0 && of_queries < 9;
  const int64_t kv_heads = flat ? of_keys : draw.between(1, 2);
  const int64_t heads = flat ? of_queries : kv_heads * draw.between(1, 2);
  const int64_t batch = draw.between(1, 2), queries = draw.size(), keys = draw.size(), past = draw.size();
  const int64_t size = draw.between(1, 4), value_size = draw.between(1, 4);
  const auto operand = [&](int64_t of, int64_t rows, int64_t width) {
    return flat ? Shape{batch, rows, of * width} : Shape{batch, of, rows, width};
  };
  const Shape mask = draw.pick<Shape>({{queries, keys},
                                       {keys},
                                       {batch, 1, 1, keys},
                                       {heads, queries, keys},
                                       {queries, 1},
                                       {batch, heads, queries, keys},
                                       {1, 1, queries, keys}});
  return {operand(heads, queries, size),
          operand(kv_heads, keys, size),
          operand(kv_heads, keys, value_size),
          mask,
          {batch, kv_heads, past, size},
          {batch, kv_heads, past, value_size},
          {batch}};
}

std::vector<Shape> quantize_shapes(const Case& c, const Shape& x, Draw& draw) {
  if (x.empty() || draw.chance(30)) return {x, draw.chance(50) ? Shape{} : Shape{1}};
  const size_t axis = axis_of(c, 1, x);
  const int64_t block = c.number("block_size", 0);
  if (block < 1 || block > 9) return {x, {x[axis]}};
  Shape scale = x;
  scale[axis] = (x[axis] + block - 1) / block;
  return {x, scale};
}

// The shapes of the inputs, as many as are given; the last goes on for those that follow.
std::vector<Shape> shapes_of(const Case& c, Family family, const Shape& x, Draw& draw) {
  switch (family) {
    case Family::kWindow: return window_shapes(c, x, draw);
    case Family::kChannels: return {x, {x.size() > 1 ? x[1] : 1}};
    case Family::kMatMul: return matmul_shapes(c, draw);
    case Family::kGemm: return gemm_shapes(c, draw);
    case Family::kAttention: return attention_shapes(c, draw);
    case Family::kNormalize: {
      const Shape normalized(x.begin() + static_cast<int64_t>(axis_of(c, -1, x)), x.end());
      return {x, draw.chance(80) ? normalized : broadcast_shape(normalized, draw)};
    }
    case Family::kLastAxis: return {x, {x.empty() ? 1 : x.back()}};
    case Family::kQuantize: return quantize_shapes(c, x, draw);
    case Family::kGather: return {x, draw.shape(0, 3)};
    case Family::kScalars: return {x, draw.chance(80) ? Shape{} : Shape{1}};
    default: return {x};
  }
}

// What an input of integers says, by its name; nothing: any numbers.
std::optional<Shape> meaning_of(const Case& c, std::string_view name, const Shape& x, Draw& draw) {
  const auto rank = static_cast<int64_t>(x.size());
  const auto bounds = [&](size_t count) {
    Shape values(count);
    for (int64_t& v : values)
      v = draw.chance(8) ? draw.pick<int64_t>({INT64_MAX, INT64_MIN, INT32_MAX}) : draw.between(-6, 7);
    return values;
  };
  const size_t sliced = std::min<size_t>(x.size(), 2);
  if (c.schema->op_type == "ConstantOfShape") return draw.chance(10) ? Shape{2, -1} : draw.shape(0, 4);
  if (name == "starts" || name == "ends") return bounds(draw.chance(95) ? sliced : sliced + 1);
  if (name == "steps") {
    Shape steps(sliced);
    for (int64_t& s : steps) s = draw.pick<int64_t>({1, 1, 2, -1, -2, 3, 0, INT64_MIN, INT64_MAX});
    return steps;
  }
  if (name == "axes") {
    if (c.schema->op_type == "Slice") return draw_axes(static_cast<int64_t>(sliced), rank, draw);
    if (c.schema->op_type == "Unsqueeze") {
      const int64_t added = draw.between(0, 3);
      return draw_axes(added, rank + added, draw);
    }
    Shape axes;
    for (int64_t a = 0; a < rank; ++a)
      if (x[static_cast<size_t>(a)] == 1 ? draw.chance(60) : draw.chance(3))
        axes.push_back(draw.chance(40) ? a - rank : a);
    return axes;
  }
  if (name == "split")
    return std::get<Shape>(draw_attribute(c, {"split", host::AttributeKind::kInts, false}, x, draw).payload);
  if (name == "shape") {
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
  return std::nullopt;
}

// Whether each element of the result is one function of elements. Else providers may add in another order, or take a
// factor out of a sum, and infinite or large terms then cancel differently.
bool keeps_order(Family family) {
  return family != Family::kWindow && family != Family::kChannels && family != Family::kMatMul &&
         family != Family::kGemm && family != Family::kNormalize;
}

bool is_index(tn_dtype dtype) {
  return dtype == TN_INT64 || dtype == TN_INT32;
}

// Some draws of pads make the sum of a convolution enormous.
Shape bounded(Shape shape) {
  constexpr int64_t kMostElements = 1 << 15;
  int64_t count = 1;
  for (int64_t& d : shape) {
    if (d > kMostElements / count) d = 1;
    if (d != 0) count *= d;
  }
  return shape;
}

void break_one_shape(std::vector<Shape>* shapes, Draw& draw) {
  Shape& s = (*shapes)[static_cast<size_t>(draw.between(0, static_cast<int64_t>(shapes->size()) - 1))];
  const int64_t way = draw.between(0, 2);
  if (way == 0 || s.empty())
    s.insert(s.begin() + draw.between(0, static_cast<int64_t>(s.size())), draw.size());
  else if (way == 1)
    s.erase(s.begin() + draw.between(0, static_cast<int64_t>(s.size()) - 1));
  else
    s[static_cast<size_t>(draw.between(0, static_cast<int64_t>(s.size()) - 1))] = draw.size();
}

}  // namespace

Family family_of(std::string_view op_type) {
  for (const Line& line : kFamilies)
    if (line.op_type == op_type) return line.family;
  return Family::kBroadcast;
}

Shape draw_first_shape(Family family, Draw& draw) {
  if (family == Family::kWindow) {
    Shape x = draw.shape(3, 5);
    for (size_t i = 2; i < x.size(); ++i)
      if (draw.chance(80)) x[i] = draw.between(3, x.size() < 5 ? 9 : 5);
    return x;
  }
  if (family == Family::kChannels) return draw.shape(2, 4);
  if (family == Family::kNormalize || family == Family::kGather || family == Family::kConcat) return draw.shape(1, 4);
  return draw.shape(0, 4);
}

void draw_inputs(Case* c, Family family, const TypeChoice& types, Shape x, Draw& draw) {
  const Edges edges = !draw.chance(25) ? Edges::kNone : keeps_order(family) ? Edges::kAll : Edges::kNaN;
  std::vector<Shape> shapes = shapes_of(*c, family, x, draw);
  if (draw.chance(10)) break_one_shape(&shapes, draw);
  const auto least = static_cast<int64_t>(c->schema->min_inputs);
  const auto most = std::min<int64_t>(c->schema->max_inputs, c->schema->max_inputs > 8 ? 4 : c->schema->max_inputs);
  const int64_t count = draw.chance(50) ? most : draw.between(least, std::max(least, most));
  for (int64_t i = 0; i < count; ++i) {
    const host::FormalParameter* formal = host::formal_parameter(c->schema->inputs, static_cast<size_t>(i));
    const bool left_out = formal->arity == host::Arity::kOptional && draw.chance(15);
    c->constant.push_back(draw.chance(40));
    if (left_out) {
      c->inputs.emplace_back();
      continue;
    }
    const tn_dtype dtype = type_of(*formal, types);
    Shape shape = shapes[std::min(static_cast<size_t>(i), shapes.size() - 1)];
    if (family == Family::kBroadcast && i > 0) shape = broadcast_shape(shapes[0], draw);
    if (family == Family::kConcat && i > 0) {
      shape = shapes[0];
      if (!shape.empty() && draw.chance(90)) shape[axis_of(*c, 1, shape)] = draw.size();
    }
    shape = bounded(std::move(shape));
    const bool is_named = i > 0 || c->schema->op_type == "ConstantOfShape";
    const auto meaning =
        is_index(dtype) && is_named && family == Family::kPlain ? meaning_of(*c, formal->name, x, draw) : std::nullopt;
    if (meaning) {
      c->inputs.push_back(tensor_of(dtype, {static_cast<int64_t>(meaning->size())}, *meaning));
    } else if (family == Family::kGather && i == 1 && !shapes[0].empty() && is_index(dtype)) {
      const int64_t size = shapes[0][axis_of(*c, 0, shapes[0])];
      int64_t elements = 1;
      for (int64_t d : shape) elements *= d;
      Shape indices(static_cast<size_t>(elements));
      const int64_t beyond = draw.chance(8) ? 1 : 0;
      for (int64_t& v : indices) v = size == 0 ? 0 : draw.between(-size - beyond, size - 1 + beyond);
      c->inputs.push_back(tensor_of(dtype, shape, indices));
    } else if (dtype == TN_FLOAT && (formal->name == "var" || formal->name == "input_var")) {
      // The quotient by a variance of 0 leaves nothing but rounding of a difference.
      int64_t elements = 1;
      for (const int64_t d : shape) elements *= d;
      Shape variances(static_cast<size_t>(elements));
      for (int64_t& v : variances) v = draw.between(1, 9);
      c->inputs.push_back(tensor_of(dtype, shape, variances));
    } else {
      // NaN times the zeros of padding may be left out or not.
      c->inputs.push_back(draw_tensor(dtype, shape, family == Family::kWindow && i > 0 ? Edges::kNone : edges, draw));
    }
  }
  while (!c->inputs.empty() && c->inputs.back().dtype() == TN_UNDEFINED) c->inputs.pop_back();
}

}  // namespace tenon::walk
