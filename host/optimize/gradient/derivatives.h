// The derivatives of operators, as nodes. Constant table; thread-safe.
#pragma once

#include "host/optimize/gradient/gradient_builder.h"

namespace tenon::host {

/// What input `i` adds to the gradient, from `dy`, the gradient by the application's output: the product of dy and the
/// Jacobian, of the input's shape. nullptr: the output does not change with the input.
using Derivative = Value* (*)(GradientBuilder& b, const Application& of, size_t i, Value* dy);

/// nullptr: there is none of the operator.
Derivative find_derivative(const Node& node);
/// Those that there is one of, for messages: "Add, Div, ...".
std::string differentiable_operators();

}  // namespace tenon::host
