// NumPy-style broadcasting of two float tensors, spread over the host's pool. Thread-safe.
#pragma once

#include "common.h"
#include "simd/elementwise.h"

namespace tenon::cpu_blas {

/// The shape that `a` and `b` broadcast to; TN_INVALID_MODEL when they do not. `node` starts the message.
sdk::Result<sdk::Shape> broadcast_shape(const std::string& node, sdk::ShapeView a, sdk::ShapeView b);

/// A float operand: its elements and their shape.
struct Operand {
  const float* data;
  sdk::ShapeView shape;
};

/// y = a op b over the broadcast of their shapes, which must exist; y may be the memory of an operand of that very
/// shape.
void broadcast_binary(sdk::RunContext& run, simd::Binary op, const Operand& a, const Operand& b, float* y);

/// y[i] = f(x[i]), n elements; y may be x.
void parallel_unary(sdk::RunContext& run, const simd::Activation& f, const float* x, float* y, int64_t n);

}  // namespace tenon::cpu_blas
