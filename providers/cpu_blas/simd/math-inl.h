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

/// e^x of an x of [-86.5, 0], within 1 ulp; NaN where it is NaN. The fraction is a polynomial, a minimax fit of
/// (e^r - 1 - r) / r^2 (error 3.1e-9 in e^r).
template <class D, class V>
HWY_INLINE V exp_in_range(D d, V x) {
  const hn::RebindToSigned<D> di;
  const V magic = hn::Set(d, 12582912.0f);  // 1.5 * 2^23: a sum with it has its integer in the low bits
  const V shifted = hn::MulAdd(x, hn::Set(d, 1.44269504f), magic);
  const V n = hn::Sub(shifted, magic);
  V r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), x);
  r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), r);
  V fraction = hn::MulAdd(r, hn::Set(d, 0.00138145839f), hn::Set(d, 0.00836872394f));
  fraction = hn::MulAdd(r, fraction, hn::Set(d, 0.0416683887f));
  fraction = hn::MulAdd(r, fraction, hn::Set(d, 0.166665206f));
  fraction = hn::MulAdd(r, fraction, hn::Set(d, 0.499999934f));
  fraction = hn::MulAdd(r, hn::MulAdd(r, fraction, hn::Set(d, 1.0f)), hn::Set(d, 1.0f));
  const V power = hn::BitCast(d, hn::Add(hn::ShiftLeft<23>(hn::BitCast(di, shifted)), hn::Set(di, 127 << 23)));
  return hn::Mul(fraction, power);
}

/// e^x of an x that is not above 0, within 1 ulp; 0 below -86.5, where it would soon be subnormal.
template <class D, class V>
HWY_INLINE V exp_of_negative(D d, V x) {
  const V low = hn::Set(d, -86.5f);
  return hn::IfThenZeroElse(hn::Lt(x, low), exp_in_range(d, hn::Max(low, x)));  // of an operand that is NaN, the second
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
  const V large = hn::Sub(hn::Set(d, 1.0f), exp_in_range(d, polynomial(d, magnitude, kLarge)));
  const V value = hn::IfThenElse(hn::Lt(magnitude, hn::Set(d, 1.0f)), small, large);
  return keep_nan(x, hn::CopySign(value, x));
}

/// x (1 + erf(x / sqrt 2)) / 2, off by at most 7e-8 of |x|; 0 below -5.7. The normal distribution's tail is
/// e^(t P(t)) / 2 at t = |x|, P a minimax fit of its logarithm (error 8e-9 of the tail).
template <class D, class V>
HWY_INLINE V gelu(D d, V x) {
  static constexpr float kLog[] = {-0.797885328f,    -0.318298867f,    -0.0363875781f,  0.00489598982f,
                                   -9.49171124e-05f, -0.000129050288f, 2.72945318e-05f, -1.96501156e-06f};
  const V most = hn::Set(d, 5.7f), magnitude = hn::Abs(x);
  const V t = hn::Min(magnitude, most);
  const V half = hn::Mul(hn::Set(d, 0.5f), exp_in_range(d, hn::Mul(t, polynomial(d, t, kLog))));
  const V tail = hn::IfThenElseZero(hn::Lt(magnitude, most), half);
  return hn::Mul(x, hn::IfThenElse(hn::Lt(x, hn::Zero(d)), tail, hn::Sub(hn::Set(d, 1.0f), tail)));
}

/// x (1 + tanh(u)) / 2, u = sqrt(2/pi) (x + 0.044715 x^3): x / (1 + e^-2u), by an exponential that cannot overflow.
template <class D, class V>
HWY_INLINE V tanh_gelu(D d, V x) {
  const V slope = hn::MulAdd(hn::Mul(x, x), hn::Set(d, 1.5957691216f * 0.044715f), hn::Set(d, 1.5957691216f));
  const V e = exp_of_negative(d, hn::Neg(hn::Abs(hn::Mul(x, slope)))), one = hn::Set(d, 1.0f);
  return hn::Mul(x, hn::Div(hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one), hn::Add(one, e)));
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
