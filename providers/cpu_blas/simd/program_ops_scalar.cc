// Instructions over floats whose vector forms hold for some arguments only (Pow, Sin, Cos) or that have none; see
// program_ops.h. What a vector form does not cover goes through the standard library, element by element.
#include <cmath>

#include "simd/program_ops.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/program_ops_scalar.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/dispatch.h"
#include "simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

template <class F>
HWY_INLINE void each(const OpArgs& g, F&& f) {
  const float* a = static_cast<const float*>(g.a);
  const float* b = static_cast<const float*>(g.b);
  float* y = static_cast<float*>(g.y);
  for (int64_t i = 0; i < g.n; ++i) y[i] = f(a[g.a_steps ? i : 0], b == nullptr ? 0.0f : b[g.b_steps ? i : 0]);
}

float scalar_power(float a, float b) {
  return static_cast<float>(std::pow(static_cast<double>(a), static_cast<double>(b)));
}

#if HWY_HAVE_FLOAT64 && HWY_TARGET != HWY_SCALAR
/// a^b as e^(b ln a) in double: rounded once where a is a positive number and b one of magnitude below 2^60.
void power(const OpArgs& g) {
  const hn::ScalableTag<double> wide;
  const hn::Rebind<float, decltype(wide)> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const float* a = static_cast<const float*>(g.a);
  const float* b = static_cast<const float*>(g.b);
  float* y = static_cast<float*>(g.y);
  const auto zero = hn::Zero(d), infinity = hn::Set(d, HUGE_VALF), most = hn::Set(d, 1152921504606846976.0f);
  int64_t i = 0;
  for (; i + lanes <= g.n; i += lanes) {
    const auto base = g.a_steps ? hn::LoadU(d, a + i) : hn::Set(d, *a);
    const auto exponent = g.b_steps ? hn::LoadU(d, b + i) : hn::Set(d, *b);
    const auto is_plain = hn::And(hn::And(hn::Gt(base, zero), hn::Lt(base, infinity)), hn::Lt(hn::Abs(exponent), most));
    if (HWY_LIKELY(hn::AllTrue(d, is_plain))) {
      auto power = hn::Mul(hn::PromoteTo(wide, exponent), hn::Log(wide, hn::PromoteTo(wide, base)));
      power = hn::Min(hn::Max(power, hn::Set(wide, -200.0)), hn::Set(wide, 200.0));  // floats end at 88.8 and -104
      hn::StoreU(hn::DemoteTo(d, hn::Exp(wide, power)), d, y + i);
    } else {
      for (int64_t j = i; j < i + lanes; ++j) y[j] = scalar_power(a[g.a_steps ? j : 0], b[g.b_steps ? j : 0]);
    }
  }
  for (; i < g.n; ++i) y[i] = scalar_power(a[g.a_steps ? i : 0], b[g.b_steps ? i : 0]);
}
#else
void power(const OpArgs& g) {
  each(g, [](float a, float b) { return scalar_power(a, b); });
}
#endif

/// Where all of a vector are within the vector form's range, by it, else by the standard library.
template <class Vectors, class Scalars>
HWY_INLINE void periodic(const OpArgs& g, Vectors&& vectors, Scalars&& scalars) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  if (!g.a_steps) return each(g, [&](float a, float) { return scalars(a); });
  const float* a = static_cast<const float*>(g.a);
  float* y = static_cast<float*>(g.y);
  const auto most = hn::Set(d, 30000.0f);
  int64_t i = 0;
  for (; i + lanes <= g.n; i += lanes) {
    const auto x = hn::LoadU(d, a + i);
    if (HWY_LIKELY(hn::AllTrue(d, hn::Lt(hn::Abs(x), most)))) {
      hn::StoreU(vectors(d, x), d, y + i);
    } else {
      for (int64_t j = i; j < i + lanes; ++j) y[j] = scalars(a[j]);
    }
  }
  for (; i < g.n; ++i) y[i] = scalars(a[i]);
}

void sine(const OpArgs& g) {
  periodic(
      g, [](auto d, auto x) HWY_ATTR { return hn::Sin(d, x); }, [](float x) { return std::sin(x); });
}

void cosine(const OpArgs& g) {
  periodic(
      g, [](auto d, auto x) HWY_ATTR { return hn::Cos(d, x); }, [](float x) { return std::cos(x); });
}

#define SCALAR_1(name, expression)                      \
  void scalar_##name(const OpArgs& g) {                 \
    each(g, [](float a, float) { return expression; }); \
  }
#include "simd/program_ops.inc"

void remainder(const OpArgs& g) {
  each(g, [](float a, float b) { return std::fmod(a, b); });
}

void floored_remainder(const OpArgs& g) {
  each(g, [](float a, float b) {
    const float r = std::fmod(a, b);
    if (r == 0) return std::copysign(r, b);
    return (r < 0) != (b < 0) ? r + b : r;
  });
}

OpFunction scalar_op(Op op) {
#define SCALAR_1(name, expression) \
  if (op == Op::k##name) return scalar_##name;
#include "simd/program_ops.inc"
  if (op == Op::kPow) return power;
  if (op == Op::kSin) return sine;
  if (op == Op::kCos) return cosine;
  if (op == Op::kMod) return remainder;
  if (op == Op::kFloorMod) return floored_remainder;
  return nullptr;
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu_blas::simd {

TENON_SIMD_EXPORT(scalar_op);

OpFunction find_scalar_op(Op op) {
  return TENON_SIMD(scalar_op)(op);
}

}  // namespace tenon::cpu_blas::simd
#endif
