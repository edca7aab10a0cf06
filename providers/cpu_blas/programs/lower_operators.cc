#include "programs/lower_operators.h"

#include <algorithm>
#include <limits>
#include <tenon/sdk/geometry/statistics.hpp>

#include "common.h"

namespace tenon::cpu_blas::lowerings {
namespace {

using simd::Op;

float attribute(const Lowering& l, const char* name) {
  return *name == 0 ? 0.0f : l.node().attr_float(name);
}

/// op of all inputs from the first on.
sdk::Result<TileOperand> fold(Lowering& l, Op op) {
  const Fit fit = l.node().since_version() < 8 ? Fit::kEqual : Fit::kBroadcast;
  TN_ASSIGN_OR_RETURN(TileOperand value, l.input(0));
  if (l.node().input_count() == 1) return l.emit(Op::kCopy, {value});
  for (uint32_t i = 1; i < l.node().input_count(); ++i) {
    TN_ASSIGN_OR_RETURN(const TileOperand next, l.input(i));
    TN_ASSIGN_OR_RETURN(value, l.emit(op, {value, next}, fit));
  }
  return value;
}

sdk::Status finish(Lowering& l, sdk::Result<TileOperand> value) {
  TN_RETURN_IF_ERROR(value.take_status());
  l.set_output(value.value());
  return {};
}

}  // namespace

sdk::Status unary(Lowering& l, const Lowering::Row& row) {
  TN_ASSIGN_OR_RETURN(const TileOperand x, l.input(0));
  return finish(l, l.emit(row.op, {x}, Fit::kBroadcast, attribute(l, row.p), attribute(l, row.q)));
}

sdk::Status binary(Lowering& l, const Lowering::Row& row) {
  TN_ASSIGN_OR_RETURN(const TileOperand a, l.input(0));
  TN_ASSIGN_OR_RETURN(const TileOperand b, l.input(1));
  return finish(l, l.emit(row.op, {a, b}));
}

sdk::Status variadic(Lowering& l, const Lowering::Row& row) {
  return finish(l, fold(l, row.op));
}

sdk::Status mean(Lowering& l, const Lowering::Row& row) {
  TN_ASSIGN_OR_RETURN(const TileOperand sum, fold(l, row.op));
  return finish(l, l.emit(Op::kDiv, {sum, l.constant(static_cast<float>(l.node().input_count()))}));
}

sdk::Status cast(Lowering& l, const Lowering::Row&) {
  TileType to;
  const auto dtype = static_cast<uint32_t>(l.node().attr_int("to"));
  if (!tile_type_of(dtype, &to)) return sdk::unsupported("programs have no ", sdk::dtype_name(dtype));
  TN_ASSIGN_OR_RETURN(const TileOperand x, l.input(0));
  return finish(l, l.cast(x, to));
}

sdk::Status clip(Lowering& l, const Lowering::Row&) {
  constexpr float kMost = std::numeric_limits<float>::infinity();
  TN_ASSIGN_OR_RETURN(TileOperand x, l.input(0));
  const bool is_float = l.type_of(x) == TileType::kFloat;
  if (l.node().since_version() < 11) {
    if (!is_float) return sdk::unsupported("bounds that are attributes are for float");
    const float low = l.node().attr_float("min", -kMost), high = l.node().attr_float("max", kMost);
    return finish(l, l.emit(Op::kClip, {x}, Fit::kBroadcast, low, high));
  }
  float bounds[2] = {-kMost, kMost};
  bool constant = is_float;
  for (const uint32_t i : {1u, 2u})
    if (l.has_input(i)) constant = constant && l.constant_float(i, &bounds[i - 1]) && bounds[i - 1] == bounds[i - 1];
  if (constant) return finish(l, l.emit(Op::kClip, {x}, Fit::kBroadcast, bounds[0], bounds[1]));
  for (const uint32_t i : {1u, 2u}) {
    if (!l.has_input(i)) continue;
    TN_ASSIGN_OR_RETURN(const TileOperand bound, l.input(i));
    TN_ASSIGN_OR_RETURN(x, l.emit(i == 1 ? Op::kAtLeast : Op::kAtMost, {x, bound}, Fit::kScalars));
  }
  if (!l.has_input(1) && !l.has_input(2)) return finish(l, l.emit(Op::kCopy, {x}));
  return finish(l, x);
}

sdk::Status division(Lowering& l, const Lowering::Row& row) {
  TN_ASSIGN_OR_RETURN(const TileOperand a, l.input(0));
  TN_ASSIGN_OR_RETURN(const TileOperand b, l.input(1));
  TN_RETURN_IF_ERROR(l.divide_by(b));
  return finish(l, l.emit(row.op, {a, b}));
}

sdk::Status remainder(Lowering& l, const Lowering::Row& row) {
  TN_ASSIGN_OR_RETURN(const TileOperand a, l.input(0));
  TN_ASSIGN_OR_RETURN(const TileOperand b, l.input(1));
  const bool truncates = l.node().attr_int("fmod") != 0;
  if (!truncates && l.type_of(a) == TileType::kFloat && l.node().since_version() < 28)
    return sdk::unsupported("attribute fmod is 0, expected 1 for float");
  TN_RETURN_IF_ERROR(l.divide_by(b));
  return finish(l, l.emit(truncates ? Op::kMod : row.op, {a, b}));
}

sdk::Status dropout(Lowering& l, const Lowering::Row& row) {
  for (uint32_t i = 1; i < l.node().output_count(); ++i)
    if (l.node().output(i)) return sdk::unsupported("the mask is wanted");
  if (l.has_input(1) || l.has_input(2)) return sdk::unsupported("ratio or training_mode is an input");
  return unary(l, row);
}

sdk::Status gelu(Lowering& l, const Lowering::Row& row) {
  const std::string approximate = l.node().attr_string("approximate", "none");
  if (approximate != "none" && approximate != "tanh")
    return sdk::invalid_model("attribute approximate is '", approximate, "', expected 'none' or 'tanh'");
  TN_ASSIGN_OR_RETURN(const TileOperand x, l.input(0));
  return finish(l, l.emit(approximate == "none" ? row.op : Op::kTanhGelu, {x}));
}

sdk::Status biased(Lowering& l, const Lowering::Row& row) {
  TN_ASSIGN_OR_RETURN(TileOperand x, l.input(0));
  if (l.has_input(1)) {
    TN_ASSIGN_OR_RETURN(const TileOperand bias, l.input(1));
    TN_ASSIGN_OR_RETURN(x, l.emit(Op::kAdd, {x, bias}, Fit::kLast));
  }
  return finish(l, l.emit(row.op, {x}));
}

sdk::Status is_infinite(Lowering& l, const Lowering::Row& row) {
  TN_ASSIGN_OR_RETURN(const TileOperand x, l.input(0));
  const auto wanted = [&](const char* name) { return l.node().attr_int(name, 1) != 0 ? 1.0f : 0.0f; };
  return finish(l, l.emit(row.op, {x}, Fit::kBroadcast, wanted("detect_positive"), wanted("detect_negative")));
}

sdk::Status parametric_relu(Lowering& l, const Lowering::Row& row) {
  TN_ASSIGN_OR_RETURN(const TileOperand x, l.input(0));
  TN_ASSIGN_OR_RETURN(const TileOperand slope, l.input(1));
  return finish(l, l.emit(row.op, {x, slope}, Fit::kFirst));
}

sdk::Status power(Lowering& l, const Lowering::Row& row) {
  TN_ASSIGN_OR_RETURN(const TileOperand x, l.input(0));
  if (l.type_of(x) != TileType::kFloat) return sdk::unsupported("the base is no float");
  float exponent;
  const sdk::TensorView info = l.node().input(1).info();
  // A constant of one element and of no more dimensions than the base does not change the shape.
  if (l.constant_float(1, &exponent) && l.node().input(0).info().has_rank() &&
      info.rank() <= l.node().input(0).info().rank()) {
    if (exponent == 2) return finish(l, l.emit(Op::kSquare, {x}));
    if (exponent == 3) return finish(l, l.emit(Op::kCube, {x}));
    if (exponent == 1) return finish(l, l.emit(Op::kCopy, {x}));
    if (exponent == -1) return finish(l, l.emit(Op::kReciprocal, {x}));
    if (exponent == 0.5f) return finish(l, l.emit(Op::kPowerOfHalf, {x}));
  }
  TN_ASSIGN_OR_RETURN(TileOperand y, l.input(1));
  if (l.type_of(y) == TileType::kBool) return sdk::unsupported("the exponent is bool");
  if (l.type_of(y) != TileType::kFloat) return sdk::unsupported("the exponent is no float");
  return finish(l, l.emit(row.op, {x, y}));
}

sdk::Status where(Lowering& l, const Lowering::Row& row) {
  TN_ASSIGN_OR_RETURN(const TileOperand condition, l.input(0));
  TN_ASSIGN_OR_RETURN(const TileOperand x, l.input(1));
  TN_ASSIGN_OR_RETURN(const TileOperand y, l.input(2));
  if (l.type_of(condition) != TileType::kBool) return sdk::unsupported("the condition is not bool");
  return finish(l, l.emit(row.op, {condition, x, y}));
}

sdk::Status batch_normalization(Lowering& l, const Lowering::Row& row) {
  const sdk::NodeView& node = l.node();
  TN_RETURN_IF_ERROR(sdk::check_statistics_outputs(node.output_count(), node.since_version()));
  if (node.attr_int("training_mode") != 0)
    return sdk::unsupported("training_mode is 1, expected 0: only inference is implemented");
  // From opset 9 on it always is.
  if (node.attr_int("spatial", 1) == 0) return sdk::unsupported("spatial is 0, expected 1");
  for (uint32_t i = 1; i < node.output_count(); ++i)
    if (node.output(i)) return sdk::unsupported("output ", i, " is there, expected Y alone: it is for training");
  TileOperand inputs[5];
  for (uint32_t i = 0; i < 5; ++i) {
    TN_ASSIGN_OR_RETURN(inputs[i], l.input(i));
    if (l.type_of(inputs[i]) != TileType::kFloat) return sdk::unsupported("input ", i, " is no float");
  }
  const auto& [x, gamma, beta, mean, variance] = inputs;
  TN_ASSIGN_OR_RETURN(const TileOperand sum,
                      l.emit(Op::kAffine, {variance}, Fit::kBroadcast, 1, node.attr_float(row.p)));
  TN_ASSIGN_OR_RETURN(const TileOperand deviation, l.emit(Op::kSqrt, {sum}));
  TN_ASSIGN_OR_RETURN(const TileOperand scale, l.emit(Op::kDiv, {gamma, deviation}, Fit::kEqual));
  TN_ASSIGN_OR_RETURN(const TileOperand moved, l.emit(Op::kMul, {mean, scale}, Fit::kEqual));
  TN_ASSIGN_OR_RETURN(const TileOperand shift, l.emit(Op::kSub, {beta, moved}, Fit::kEqual));
  return finish(l, l.emit(row.op, {x, scale, shift}, Fit::kChannels));
}

}  // namespace tenon::cpu_blas::lowerings
