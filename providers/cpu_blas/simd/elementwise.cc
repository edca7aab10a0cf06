// Element-by-element functions; see elementwise.h.
#include "simd/elementwise.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/elementwise.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/dispatch.h"
#include "simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
constexpr size_t kMaxLanes = HWY_MAX_BYTES / sizeof(float);

/// Calls `vector_body(i)` for whole vectors of [0, n) and `tail_body(i, count)` for the rest.
template <class Body, class Tail>
HWY_INLINE void for_vectors(int64_t n, Body&& vector_body, Tail&& tail_body) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(D()));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) vector_body(i);
  if (i < n) tail_body(i, static_cast<size_t>(n - i));
}

template <class F>
HWY_INLINE void map(const float* x, float* y, int64_t n, F&& f) {
  const D d;
  for_vectors(
      n, [&](int64_t i) HWY_ATTR { hn::StoreU(f(hn::LoadU(d, x + i)), d, y + i); },
      [&](int64_t i, size_t count) HWY_ATTR {
        HWY_ALIGN float padded[kMaxLanes] = {};
        for (size_t j = 0; j < count; ++j) padded[j] = x[i + j];
        hn::Store(f(hn::Load(d, padded)), d, padded);
        for (size_t j = 0; j < count; ++j) y[i + j] = padded[j];
      });
}

/// Calls `use(f)` with the vector function that the activation stands for.
template <class Use>
HWY_INLINE void visit_activation(const Activation& a, Use&& use) {
  const D d;
  const V zero = hn::Zero(d);
  const V low = hn::Set(d, a.low);
  const V high = hn::Set(d, a.high);
  switch (a.function) {
    case Unary::kIdentity: return use([](V x) HWY_ATTR { return x; });
    case Unary::kRelu: return use([=](V x) HWY_ATTR { return keep_nan(x, hn::Max(x, zero)); });
    case Unary::kClip: return use([=](V x) HWY_ATTR { return clamp(x, low, high); });
    case Unary::kGelu: return use([=](V x) HWY_ATTR { return gelu(d, x); });
    case Unary::kTanhGelu: return use([=](V x) HWY_ATTR { return tanh_gelu(d, x); });
    case Unary::kHardSwish: return use([=](V x) HWY_ATTR { return hard_swish(d, x); });
    case Unary::kSigmoid: return use([=](V x) HWY_ATTR { return sigmoid(d, x); });
    case Unary::kTanh: return use([=](V x) HWY_ATTR { return tanh(d, x); });
    case Unary::kErf: return use([=](V x) HWY_ATTR { return erf(d, x); });
    case Unary::kExp: return use([=](V x) HWY_ATTR { return exp(d, x); });
    case Unary::kSqrt: return use([=](V x) HWY_ATTR { return hn::Sqrt(x); });
  }
}

void unary(const Activation& a, const float* x, float* y, int64_t n) {
  visit_activation(a, [&](auto f) HWY_ATTR { map(x, y, n, f); });
}

template <class F>
HWY_INLINE void map_pairs(const float* a, int a_step, const float* b, int b_step, float* y, int64_t n, F&& f) {
  const D d;
  if (n == 0) return;
  if (a_step != 0 && b_step != 0) {
    for_vectors(
        n, [&](int64_t i) HWY_ATTR { hn::StoreU(f(hn::LoadU(d, a + i), hn::LoadU(d, b + i)), d, y + i); },
        [&](int64_t i, size_t count) HWY_ATTR {
          HWY_ALIGN float p[kMaxLanes] = {};
          HWY_ALIGN float q[kMaxLanes] = {};
          for (size_t j = 0; j < count; ++j) p[j] = a[i + j], q[j] = b[i + j];
          hn::Store(f(hn::Load(d, p), hn::Load(d, q)), d, p);
          for (size_t j = 0; j < count; ++j) y[i + j] = p[j];
        });
  } else if (a_step != 0) {
    const V right = hn::Set(d, b[0]);
    map(a, y, n, [&](V x) HWY_ATTR { return f(x, right); });
  } else if (b_step != 0) {
    const V left = hn::Set(d, a[0]);
    map(b, y, n, [&](V x) HWY_ATTR { return f(left, x); });
  } else {
    const V value = f(hn::Set(d, a[0]), hn::Set(d, b[0]));
    map(y, y, n, [&](V) HWY_ATTR { return value; });
  }
}

void binary(Binary op, const float* a, int a_step, const float* b, int b_step, float* y, int64_t n) {
  switch (op) {
    case Binary::kAdd: return map_pairs(a, a_step, b, b_step, y, n, [](V p, V q) HWY_ATTR { return hn::Add(p, q); });
    case Binary::kSub: return map_pairs(a, a_step, b, b_step, y, n, [](V p, V q) HWY_ATTR { return hn::Sub(p, q); });
    case Binary::kMul: return map_pairs(a, a_step, b, b_step, y, n, [](V p, V q) HWY_ATTR { return hn::Mul(p, q); });
    case Binary::kDiv: return map_pairs(a, a_step, b, b_step, y, n, [](V p, V q) HWY_ATTR { return hn::Div(p, q); });
  }
}

void finish_row(float* c, float scale, const float* shift, int shift_step, const float* residual,
                const Activation& activation, int64_t n) {
  const D d;
  const V scales = hn::Set(d, scale);
  visit_activation(activation, [&](auto f) HWY_ATTR {
    for_vectors(
        n,
        [&](int64_t i) HWY_ATTR {
          const V s = shift_step != 0 ? hn::LoadU(d, shift + i) : hn::Set(d, *shift);
          V value = hn::MulAdd(hn::LoadU(d, c + i), scales, s);
          if (residual != nullptr) value = hn::Add(value, hn::LoadU(d, residual + i));
          hn::StoreU(f(value), d, c + i);
        },
        [&](int64_t i, size_t count) HWY_ATTR {
          HWY_ALIGN float p[kMaxLanes] = {};
          for (size_t j = 0; j < count; ++j)
            p[j] = c[i + j] * scale + shift[shift_step * (i + j)] + (residual != nullptr ? residual[i + j] : 0.0f);
          hn::Store(f(hn::Load(d, p)), d, p);
          for (size_t j = 0; j < count; ++j) c[i + j] = p[j];
        });
  });
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu_blas::simd {

TENON_SIMD_EXPORT(unary);
TENON_SIMD_EXPORT(binary);
TENON_SIMD_EXPORT(finish_row);

void unary(const Activation& f, const float* x, float* y, int64_t n) {
  TENON_SIMD(unary)(f, x, y, n);
}

void binary(Binary op, const float* a, int a_step, const float* b, int b_step, float* y, int64_t n) {
  TENON_SIMD(binary)(op, a, a_step, b, b_step, y, n);
}

void finish_row(float* c, float scale, const float* shift, int shift_step, const float* residual, const Activation& f,
                int64_t n) {
  TENON_SIMD(finish_row)(c, scale, shift, shift_step, residual, f, n);
}

}  // namespace tenon::cpu_blas::simd
#endif
