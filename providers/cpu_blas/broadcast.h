// NumPy-style broadcasting of two float tensors, spread over the host's pool. Thread-safe. One operation is counted for
// each element and function.
#pragma once

#include <tenon/sdk/geometry/broadcast.hpp>

#include "common.h"
#include "simd/elementwise.h"

namespace tenon::cpu_blas {

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
