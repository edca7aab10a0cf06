// Element-by-element functions over float arrays, compiled for several instruction sets and chosen at run time. Arrays
// need no alignment; the result may be the operand itself, but must not overlap it otherwise. Thread-safe.
#pragma once

#include <cstdint>

namespace tenon::cpu_blas::simd {

enum class Unary { kIdentity, kRelu, kSigmoid, kTanh, kErf, kExp, kSqrt, kGelu, kTanhGelu, kHardSwish, kClip };
enum class Binary { kAdd, kSub, kMul, kDiv };

/// What a kernel applies to a result while it is in the cache. `low` and `high` bound kClip only.
struct Activation {
  Unary function = Unary::kIdentity;
  float low = 0;
  float high = 0;
};

/// y[i] = f(x[i]), n elements. Errors of the functions are stated in math-inl.h.
void unary(const Activation& f, const float* x, float* y, int64_t n);

/// y[i] = a[i] op b[i]; `a_step` and `b_step` are 1, or 0 for an operand that is one element repeated.
void binary(Binary op, const float* a, int a_step, const float* b, int b_step, float* y, int64_t n);

/// c[i] = f(c[i] * scale + shift[i * shift_step] + residual[i]); residual may be null, shift_step is 0 or 1.
void finish_row(float* c, float scale, const float* shift, int shift_step, const float* residual, const Activation& f,
                int64_t n);

}  // namespace tenon::cpu_blas::simd
