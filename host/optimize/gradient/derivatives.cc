#include "host/optimize/gradient/derivatives.h"

namespace tenon::host {
namespace {

Value* of_add(GradientBuilder& b, const Application& of, size_t i, Value* dy) {
  return b.summed_to(dy, of.inputs[i]);
}

Value* of_sub(GradientBuilder& b, const Application& of, size_t i, Value* dy) {
  return b.summed_to(i == 0 ? dy : b.negated(dy), of.inputs[i]);
}

Value* of_mul(GradientBuilder& b, const Application& of, size_t i, Value* dy) {
  return b.summed_to(b.mul(dy, of.inputs[1 - i]), of.inputs[i]);
}

// d(p/q)/dp = 1/q, d(p/q)/dq = -(p/q)/q
Value* of_div(GradientBuilder& b, const Application& of, size_t i, Value* dy) {
  Value* const over = b.div(dy, of.inputs[1]);
  return b.summed_to(i == 0 ? over : b.negated(b.mul(over, of.output)), of.inputs[i]);
}

// d(x^n)/dx = n x^(n-1), d(x^n)/dn = x^n ln x; n may be of another type.
Value* of_pow(GradientBuilder& b, const Application& of, size_t i, Value* dy) {
  Value *x = of.inputs[0], *n = b.make("CastLike", {of.inputs[1], x});
  if (i == 1) return b.summed_to(b.mul(dy, b.mul(of.output, b.make("Log", {x}))), of.inputs[1]);
  return b.summed_to(b.mul(dy, b.mul(n, b.make("Pow", {x, b.sub(n, b.scalar_like(1, x))}))), x);
}

Value* of_identity(GradientBuilder&, const Application&, size_t, Value* dy) {
  return dy;
}
Value* of_neg(GradientBuilder& b, const Application&, size_t, Value* dy) {
  return b.negated(dy);
}
Value* of_abs(GradientBuilder& b, const Application& of, size_t, Value* dy) {
  return b.mul(dy, b.make("Sign", {of.inputs[0]}));
}
Value* of_exp(GradientBuilder& b, const Application& of, size_t, Value* dy) {
  return b.mul(dy, of.output);
}
Value* of_log(GradientBuilder& b, const Application& of, size_t, Value* dy) {
  return b.div(dy, of.inputs[0]);
}
Value* of_sqrt(GradientBuilder& b, const Application& of, size_t, Value* dy) {
  return b.div(dy, b.add(of.output, of.output));
}
Value* of_reciprocal(GradientBuilder& b, const Application& of, size_t, Value* dy) {
  return b.negated(b.mul(dy, b.mul(of.output, of.output)));
}
Value* of_sin(GradientBuilder& b, const Application& of, size_t, Value* dy) {
  return b.mul(dy, b.make("Cos", {of.inputs[0]}));
}
Value* of_cos(GradientBuilder& b, const Application& of, size_t, Value* dy) {
  return b.negated(b.mul(dy, b.make("Sin", {of.inputs[0]})));
}
Value* of_tanh(GradientBuilder& b, const Application& of, size_t, Value* dy) {
  return b.mul(dy, b.sub(b.scalar_like(1, dy), b.mul(of.output, of.output)));
}
Value* of_sigmoid(GradientBuilder& b, const Application& of, size_t, Value* dy) {
  return b.mul(dy, b.mul(of.output, b.sub(b.scalar_like(1, dy), of.output)));
}
Value* of_softplus(GradientBuilder& b, const Application& of, size_t, Value* dy) {
  return b.mul(dy, b.make("Sigmoid", {of.inputs[0]}));
}
// 0 at 0, as frameworks have it.
Value* of_relu(GradientBuilder& b, const Application& of, size_t, Value* dy) {
  return b.mul(dy, b.make("Sign", {of.output}));
}
// 2/sqrt(pi) e^(-x^2)
Value* of_erf(GradientBuilder& b, const Application& of, size_t, Value* dy) {
  Value* const x = of.inputs[0];
  return b.mul(dy, b.mul(b.scalar_like(1.1283791671f, dy), b.make("Exp", {b.negated(b.mul(x, x))})));
}

// Ellipses stand for batches, of which the other factor may have fewer dimensions than dy.
Value* of_matmul(GradientBuilder& b, const Application& of, size_t i, Value* dy) {
  const auto dims = [&](Value* x, int64_t first, int64_t last) {
    return b.make("Slice", {b.shape(x), b.integers({first}), b.integers({last})});
  };
  Value* const other = of.inputs[1 - i];
  Value* const shape =
      b.make("Concat", {dims(dy, 0, -2), dims(other, -2, INT64_MAX)}, {{"axis", int64_t{0}}});
  Value* const batched = b.make("Expand", {other, shape});
  const std::vector<Value*> factors = i == 0 ? std::vector{dy, batched} : std::vector{batched, dy};
  const char* const equation = i == 0 ? "...ik,...jk->...ij" : "...ij,...ik->...jk";
  return b.summed_to(b.make("Einsum", factors, {{"equation", std::string(equation)}}), of.inputs[i]);
}

// Y = alpha op(A) op(B) + beta C, where op may transpose.
Value* of_gemm(GradientBuilder& b, const Application& of, size_t i, Value* dy) {
  const auto real = [&](const char* name) {
    const Attribute* given = of.node.find_attribute(name);
    return given != nullptr ? std::get<float>(given->payload) : 1.0f;
  };
  if (i == 2) return b.summed_to(b.mul(dy, b.scalar_like(real("beta"), dy)), of.inputs[2]);
  const bool turns_a = of.node.int_attribute("transA").value_or(0) != 0;
  const bool turns_b = of.node.int_attribute("transB").value_or(0) != 0;
  const auto product = [&](Value* p, Value* q, bool turns_p, bool turns_q) {
    return b.make("Gemm", {p, q},
                  {{"alpha", real("alpha")}, {"transA", int64_t{turns_p}}, {"transB", int64_t{turns_q}}});
  };
  if (i == 0) return turns_a ? product(of.inputs[1], dy, turns_b, true) : product(dy, of.inputs[1], false, !turns_b);
  return turns_b ? product(dy, of.inputs[0], true, turns_a) : product(of.inputs[0], dy, !turns_a, false);
}

// Elements keep their order; the other inputs are integers.
Value* of_reshape(GradientBuilder& b, const Application& of, size_t i, Value* dy) {
  return i == 0 ? b.make("Reshape", {dy, b.shape(of.inputs[0])}) : nullptr;
}

// Without perm the axes are reversed, which is its own inverse.
Value* of_transpose(GradientBuilder& b, const Application& of, size_t, Value* dy) {
  const auto perm = of.node.ints_attribute("perm");
  if (!perm) return b.make("Transpose", {dy});
  std::vector<int64_t> inverse(perm->size());
  for (size_t axis = 0; axis < perm->size(); ++axis) {
    const int64_t to = (*perm)[axis];
    if (to < 0 || to >= static_cast<int64_t>(perm->size())) return nullptr;  // the node itself is refused
    inverse[static_cast<size_t>(to)] = static_cast<int64_t>(axis);
  }
  return b.make("Transpose", {dy}, {{"perm", std::move(inverse)}});
}

Value* of_expand(GradientBuilder& b, const Application& of, size_t i, Value* dy) {
  return i == 0 ? b.summed_to(dy, of.inputs[0]) : nullptr;
}
Value* of_cast(GradientBuilder& b, const Application& of, size_t i, Value* dy) {
  return i == 0 ? b.make("CastLike", {dy, of.inputs[0]}) : nullptr;
}
Value* of_sign(GradientBuilder&, const Application&, size_t, Value*) {
  return nullptr;
}

// dy stretched over the axes that were summed, which a node that keeps them tells.
Value* of_reduce_sum(GradientBuilder& b, const Application& of, size_t i, Value* dy) {
  if (i != 0) return nullptr;
  Value* const kept = b.copy(of.node, of.inputs, "keepdims", {{"keepdims", int64_t{1}}}).front();
  return b.make("Expand", {b.make("Reshape", {dy, b.shape(kept)}), b.shape(of.inputs[0])});
}

Value* of_reduce_mean(GradientBuilder& b, const Application& of, size_t i, Value* dy) {
  if (i != 0) return nullptr;
  const auto size = [&](Value* x) { return b.make("CastLike", {b.make("Size", {x}), dy}); };
  return b.mul(of_reduce_sum(b, of, i, dy), b.div(size(of.output), size(of.inputs[0])));
}

// y (dy - sum(dy y)) along the axis, which from opset 13 on is one.
Value* of_softmax(GradientBuilder& b, const Application& of, size_t, Value* dy) {
  Value* const axis = b.integers({of.node.int_attribute("axis").value_or(-1)});
  return b.mul(of.output, b.sub(dy, b.make("ReduceSum", {b.mul(dy, of.output), axis})));
}

struct DerivativeRow {
  std::string_view op_type;
  Derivative derivative;
  int first_version = 1;
};

constexpr DerivativeRow kDerivatives[] = {
    {"Abs", of_abs},
    {"Add", of_add, 7},
    {"Cast", of_cast},
    {"CastLike", of_cast},
    {"Cos", of_cos},
    {"Div", of_div, 7},
    {"Erf", of_erf},
    {"Exp", of_exp},
    {"Expand", of_expand},
    {"Flatten", of_reshape},
    {"Gemm", of_gemm, 7},
    {"Identity", of_identity},
    {"Log", of_log},
    {"MatMul", of_matmul},
    {"Mul", of_mul, 7},
    {"Neg", of_neg},
    {"Pow", of_pow, 7},
    {"Reciprocal", of_reciprocal},
    {"ReduceMean", of_reduce_mean},
    {"ReduceSum", of_reduce_sum},
    {"Relu", of_relu},
    {"Reshape", of_reshape},
    {"Sigmoid", of_sigmoid},
    {"Sign", of_sign},
    {"Sin", of_sin},
    {"Softmax", of_softmax, 13},
    {"Softplus", of_softplus},
    {"Sqrt", of_sqrt},
    {"Squeeze", of_reshape},
    {"Sub", of_sub, 7},
    {"Sum", of_add, 8},
    {"Tanh", of_tanh},
    {"Transpose", of_transpose},
    {"Unsqueeze", of_reshape},
};

}  // namespace

Derivative find_derivative(const Node& node) {
  if (!node.domain.empty()) return nullptr;
  for (const DerivativeRow& row : kDerivatives)
    if (row.op_type == node.op_type && node.since_version >= row.first_version) return row.derivative;
  return nullptr;
}

std::string differentiable_operators() {
  std::string names;
  for (const DerivativeRow& row : kDerivatives) names += concat(names.empty() ? "" : ", ", row.op_type);
  return names;
}

}  // namespace tenon::host
