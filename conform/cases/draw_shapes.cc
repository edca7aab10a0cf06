// The shapes of a case's inputs: what mostly fits together.
#include <algorithm>
#include <tenon/sdk/geometry/window.hpp>

#include "conform/cases/case_parts.h"
#include "conform/cases/whole_cases.h"

namespace tenon::cases {
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
    {"CenterCropPad", Family::kPlain},
    {"Clip", Family::kScalars},
    {"Compress", Family::kLane},
    {"Concat", Family::kConcat},
    {"ConstantOfShape", Family::kPlain},
    {"Conv", Family::kWindow},
    {"ConvInteger", Family::kWindow},
    {"ConvTranspose", Family::kWindow},
    {"CumProd", Family::kScalars},
    {"CumSum", Family::kScalars},
    {"DepthToSpace", Family::kWindow},
    {"DequantizeLinear", Family::kQuantize},
    {"Dropout", Family::kScalars},
    {"Expand", Family::kPlain},
    {"EyeLike", Family::kPlain},
    {"FastGelu", Family::kLastAxis},
    {"FusedConv", Family::kWindow},
    {"FusedGemm", Family::kGemm},
    {"FusedMatMul", Family::kMatMul},
    {"Gather", Family::kGather},
    {"GatherElements", Family::kSame},
    {"GatherND", Family::kTuples},
    {"Gemm", Family::kGemm},
    {"GlobalAveragePool", Family::kWindow},
    {"GlobalLpPool", Family::kWindow},
    {"GlobalMaxPool", Family::kWindow},
    {"GridSample", Family::kGrid},
    {"GroupNormalization", Family::kChannels},
    {"InstanceNormalization", Family::kChannels},
    {"LRN", Family::kChannels},
    {"LayerNormalization", Family::kNormalize},
    {"LpPool", Family::kWindow},
    {"MatMul", Family::kMatMul},
    {"MatMulInteger", Family::kMatMul},
    {"MaxPool", Family::kWindow},
    {"MaxUnpool", Family::kSame},
    {"OneHot", Family::kOneHot},
    {"Pad", Family::kPlain},
    {"RMSNormalization", Family::kNormalize},
    {"Range", Family::kScalars},
    {"ReduceL1", Family::kPlain},
    {"ReduceL2", Family::kPlain},
    {"ReduceLogSum", Family::kPlain},
    {"ReduceLogSumExp", Family::kPlain},
    {"ReduceMax", Family::kPlain},
    {"ReduceMean", Family::kPlain},
    {"ReduceMin", Family::kPlain},
    {"ReduceProd", Family::kPlain},
    {"ReduceSum", Family::kPlain},
    {"ReduceSumSquare", Family::kPlain},
    {"Reshape", Family::kPlain},
    {"Resize", Family::kPlain},
    {"ReverseSequence", Family::kLane},
    {"Scatter", Family::kSame},
    {"ScatterElements", Family::kSame},
    {"ScatterND", Family::kTuples},
    {"SimplifiedLayerNormalization", Family::kNormalize},
    {"SkipLayerNormalization", Family::kSkip},
    {"SkipSimplifiedLayerNormalization", Family::kSkip},
    {"Slice", Family::kPlain},
    {"SpaceToDepth", Family::kWindow},
    {"Split", Family::kPlain},
    {"Squeeze", Family::kPlain},
    {"TensorScatter", Family::kCache},
    {"Tile", Family::kScalars},
    {"TopK", Family::kPlain},
    {"Trilu", Family::kScalars},
    {"Unsqueeze", Family::kPlain},
    {"Upsample", Family::kPlain},
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
  if (c.schema->op_type == "ConvTranspose") weight = {input.size() > 1 ? input[1] : 1, draw.between(1, 2)};
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
  if (c.schema->op_type == "ConvInteger") return {input, weight, {}};
  if (c.schema->op_type == "ConvTranspose") return {input, weight, {weight[1] * group}};
  return {input, weight, {weight[0]}, y};
}

// Tuples of indices into x, and for ScatterND a slice of x for each.
std::vector<Shape> tuple_shapes(const Shape& x, Draw& draw) {
  const int64_t depth =
      draw.between(std::min<int64_t>(1, static_cast<int64_t>(x.size())), static_cast<int64_t>(x.size()));
  Shape slices{2};
  slices.insert(slices.end(), x.begin() + depth, x.end());
  return {x, {2, depth}, slices};
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

}  // namespace

Family family_of(const host::OpSchema& schema) {
  if (find_whole_case(schema) != nullptr) return Family::kWhole;
  for (const Line& line : kFamilies)
    if (line.op_type == schema.op_type) return line.family;
  return Family::kBroadcast;
}

Shape draw_first_shape(const host::OpSchema& schema, Draw& draw) {
  const Family family = family_of(schema);
  if (schema.op_type == "Range") return {};
  if (schema.op_type == "EyeLike") return draw.shape(2, 2);
  if (schema.op_type == "Trilu") return draw.shape(2, 4);
  if (schema.op_type == "Upsample") return draw.shape(4, 4);
  if (family == Family::kGrid) return {1, 2, 3, 4};
  if (family == Family::kTuples || family == Family::kSame || family == Family::kLane) {
    Shape x = draw.shape(schema.op_type == "MaxUnpool" ? 3 : 2, 4);
    for (int64_t& d : x) d += d == 0;
    return x;
  }
  if (family == Family::kSkip) return draw.shape(1, 3);
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

size_t axis_of(const Case& c, int64_t fallback, const Shape& x) {
  const auto rank = static_cast<int64_t>(x.size());
  const int64_t axis = c.number("axis", fallback);
  if (axis < -rank || axis >= rank) return 0;
  return static_cast<size_t>(axis < 0 ? axis + rank : axis);
}

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
    case Family::kSame: return {x};
    case Family::kCache: {
      Shape update = x;
      if (!x.empty()) {
        int64_t& rows = update[axis_of(c, c.number("axis", -2), x)];
        rows = draw.between(0, rows);
      }
      return {x, update, {x.empty() ? 1 : x[0]}};
    }
    case Family::kSkip: return {x, x, {x.empty() ? 1 : x.back()}};
    case Family::kLane: return {x, {x.empty() ? 1 : x[axis_of(c, c.number("batch_axis", 1), x)]}};
    case Family::kTuples: return tuple_shapes(x, draw);
    case Family::kOneHot: return {x, {}, {2}};
    case Family::kGrid: return {x, {x[0], 2, 3, 2}};
    case Family::kWhole: return find_whole_case(*c.schema)->shapes;
    case Family::kScalars: return {x, draw.chance(80) ? Shape{} : Shape{1}};
    default: return {x};
  }
}

}  // namespace tenon::cases
