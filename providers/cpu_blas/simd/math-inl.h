// Vector forms of the functions that Highway lacks or bounds more narrowly than ONNX does. Included once per
// instruction set; no include guard of the usual kind. All keep NaN, are pure, and take any float.
#if defined(TENON_CPU_BLAS_MATH_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef TENON_CPU_BLAS_MATH_INL_H
#undef TENON_CPU_BLAS_MATH_INL_H
#else
#define TENON_CPU_BLAS_MATH_INL_H
#endif

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// `value` where x is a number, x where it is NaN.
template <class V>
HWY_INLINE V keep_nan(V x, V value) {
  return hn::IfThenElse(hn::Eq(x, x), value, x);
}

/// min(max(x, low), high), NaN staying NaN.
template <class V>
HWY_INLINE V clamp(V x, V low, V high) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  return hn::Min(high, hn::Max(low, x));  // of an operand that is NaN, x86 takes the second
#else
  return keep_nan(x, hn::Min(hn::Max(x, low), high));
#endif
}

/// e^x within 2 ulp; infinity above 88.72, 0 below -104.
template <class D, class V>
HWY_INLINE V exp(D d, V x) {
  const V bounded = hn::Min(hn::Max(x, hn::Set(d, -105.0f)), hn::Set(d, 104.0f));
  const V value = hn::IfThenElse(hn::Gt(x, hn::Set(d, 88.7228394f)), hn::Set(d, HUGE_VALF), hn::Exp(d, bounded));
  return keep_nan(x, value);
}

/// tanh(x) within 4 ulp.
template <class D, class V>
HWY_INLINE V tanh(D d, V x) {
  const V limit = hn::Set(d, 10.0f);  // tanh is 1 in float from 9.02 on
  return keep_nan(x, hn::Tanh(d, hn::Max(hn::Min(x, limit), hn::Neg(limit))));
}

/// 1 / (1 + e^-x) within 4 ulp.
template <class D, class V>
HWY_INLINE V sigmoid(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  return hn::Div(one, hn::Add(one, exp(d, hn::Neg(x))));
}

/// c[0] + c[1] x + ... by Horner's rule.
template <class D, class V, size_t N>
HWY_INLINE V polynomial(D d, V x, const float (&c)[N]) {
  V sum = hn::Set(d, c[N - 1]);
  for (size_t i = N - 1; i-- > 0;) sum = hn::MulAdd(sum, x, hn::Set(d, c[i]));
  return sum;
}

/// erf(x) within 4 ulp: x P(x^2) below 1, 1 - e^Q(x) from there to 4, where it reaches 1. P and Q are minimax fits of
/// erf(sqrt u)/sqrt u (error 1.2e-9) and of log erfc (error 1.1e-9 in erfc).
template <class D, class V>
HWY_INLINE V erf(D d, V x) {
  static constexpr float kSmall[] = {1.12837917f,    -0.376126271f,    0.112836002f,   -0.0268544446f,
                                     0.00518953534f, -0.000802084129f, 7.88911958e-05f};
  static constexpr float kLarge[] = {-0.000353708909f, -1.12704008f,    -0.638225602f,  -0.103037436f,
                                     0.0218053512f,    -0.00293961575f, 0.000185574895f};
  const V magnitude = hn::Min(hn::Abs(x), hn::Set(d, 4.0f));
  const V small = hn::Mul(magnitude, polynomial(d, hn::Mul(magnitude, magnitude), kSmall));
  const V large = hn::Sub(hn::Set(d, 1.0f), hn::Exp(d, polynomial(d, magnitude, kLarge)));
  const V value = hn::IfThenElse(hn::Lt(magnitude, hn::Set(d, 1.0f)), small, large);
  return keep_nan(x, hn::CopySign(value, x));
}

/// x (1 + erf(x / sqrt 2)) / 2.
template <class D, class V>
HWY_INLINE V gelu(D d, V x) {
  const V half = hn::Mul(x, hn::Set(d, 0.5f));
  return hn::MulAdd(half, erf(d, hn::Mul(x, hn::Set(d, 0.707106781f))), half);
}

/// x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2.
template <class D, class V>
HWY_INLINE V tanh_gelu(D d, V x) {
  const V half = hn::Mul(x, hn::Set(d, 0.5f));
  const V slope = hn::MulAdd(hn::Mul(x, x), hn::Set(d, 0.7978845608f * 0.044715f), hn::Set(d, 0.7978845608f));
  return hn::MulAdd(half, tanh(d, hn::Mul(x, slope)), half);
}

/// x max(0, min(1, x / 6 + 1/2)).
template <class D, class V>
HWY_INLINE V hard_swish(D d, V x) {
  const V line = hn::MulAdd(x, hn::Set(d, 1.0f / 6), hn::Set(d, 0.5f));
  return hn::Mul(x, clamp(line, hn::Zero(d), hn::Set(d, 1.0f)));
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
