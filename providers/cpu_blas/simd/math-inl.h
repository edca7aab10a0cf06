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

/// c[0] + c[1] x + ... by Horner's rule.
template <class D, class V, size_t N>
HWY_INLINE V polynomial(D d, V x, const float (&c)[N]) {
  V sum = hn::Set(d, c[N - 1]);
  for (size_t i = N - 1; i-- > 0;) sum = hn::MulAdd(sum, x, hn::Set(d, c[i]));
  return sum;
}

/// e^x as 2^n (1 + p): what the functions below are made of. `shifted` holds n in its lowest bits.
template <class V>
struct PowerParts {
  V shifted, n, p;
};
template <class D, class V>
HWY_INLINE PowerParts<V> split_power(D d, V x) {
  // n is the whole number nearest to x / ln 2, r the rest. Adding 1.5 * 2^23 leaves n in the lowest bits of the sum.
  const V shift = hn::Set(d, 12582912.0f);
  const V shifted = hn::MulAdd(x, hn::Set(d, 1.44269504f), shift);
  const V n = hn::Sub(shifted, shift);
  const V r = hn::NegMulAdd(n, hn::Set(d, 1.42860677e-6f), hn::NegMulAdd(n, hn::Set(d, 0.693145752f), x));
  // (e^r - 1 - r) / r^2: a minimax fit, error 3e-9 in e^r.
  static constexpr float kFitted[] = {0.49999994f, 0.16666521f, 0.041668389f, 0.0083687175f, 0.0013814598f};
  return {shifted, n, hn::MulAdd(hn::Mul(r, r), polynomial(d, r, kFitted), r)};
}

/// x 2^n for whole n, rounded once.
template <class D, class V>
HWY_INLINE V scale_by_power(D d, V x, V n) {
  const hn::RebindToSigned<D> bits;
  const auto power_of = [&](auto e)
                            HWY_ATTR { return hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(e, hn::Set(bits, 127)))); };
  const auto whole = hn::ConvertTo(bits, n), half = hn::ShiftRight<1>(whole);
  return hn::Mul(hn::Mul(x, power_of(half)), power_of(hn::Sub(whole, half)));
}
#if HWY_TARGET == HWY_AVX3
HWY_INLINE hn::Vec512<float> scale_by_power(hn::Full512<float>, hn::Vec512<float> x, hn::Vec512<float> n) {
  return hn::Vec512<float>{_mm512_scalef_ps(x.raw, n.raw)};
}
#endif

/// e^x within 2 ulp; infinity above 88.72, 0 below -104.
template <class D, class V>
HWY_INLINE V exp(D d, V x) {
  const auto parts = split_power(d, clamp(x, hn::Set(d, -105.0f), hn::Set(d, 89.0f)));
  return scale_by_power(d, hn::Add(hn::Set(d, 1.0f), parts.p), parts.n);
}

/// e^x within 1.5 ulp for x from -87.33 to 88.3, where it is a normal number; NaN where x is NaN.
template <class D, class V>
HWY_INLINE V exp_in_range(D d, V x) {
  const auto parts = split_power(d, x);
  const hn::RebindToSigned<D> bits;
  const V power =
      hn::BitCast(d, hn::Add(hn::ShiftLeft<23>(hn::BitCast(bits, parts.shifted)), hn::Set(bits, 127 << 23)));
  return hn::MulAdd(parts.p, power, power);
}

/// e^x of an x that is not above 0, within 1.5 ulp; 0 below -86.5, where it would soon be subnormal.
template <class D, class V>
HWY_INLINE V exp_of_negative(D d, V x) {
  const V low = hn::Set(d, -86.5f);
  return hn::IfThenZeroElse(hn::Lt(x, low), exp_in_range(d, hn::Max(low, x)));  // of an operand that is NaN, the second
}

/// e^x - 1 within 3 ulp for x that are not above 0; of others, anything.
template <class D, class V>
HWY_INLINE V expm1_to_zero(D d, V x) {
  const V one = hn::Set(d, 1.0f);
  const auto parts = split_power(d, hn::Max(x, hn::Set(d, -30.0f)));
  const hn::RebindToSigned<D> bits;
  const V scale = hn::BitCast(d, hn::Add(hn::BitCast(bits, one), hn::ShiftLeft<23>(hn::BitCast(bits, parts.shifted))));
  return hn::MulAdd(scale, parts.p, hn::Sub(scale, one));
}

/// 1 / x within 2 ulp for x from 2^-60 to 2^60; faster than a division.
template <class D, class V>
HWY_INLINE V reciprocal(D d, V x) {
  const V two = hn::Set(d, 2.0f);
  V y = hn::ApproximateReciprocal(x);
#if HWY_TARGET != HWY_AVX3 && HWY_TARGET != HWY_AVX3_DL
  y = hn::Mul(y, hn::NegMulAdd(x, y, two));  // from 12 bits or fewer; AVX-512 has 14
#endif
  return hn::Mul(y, hn::NegMulAdd(x, y, two));
}

/// tanh(x) within 4 ulp: x + x^3 P(x^2) below 0.625, 1 - 2 / (e^2x + 1) from there on. P is a minimax fit, error 4e-9.
template <class D, class V>
HWY_INLINE V tanh(D d, V x) {
  static constexpr float kSmall[] = {-0.33333284f, 0.13331491f, -0.053743497f, 0.020650584f, -0.0057170414f};
  const V one = hn::Set(d, 1.0f);
  const V magnitude = hn::Min(hn::Abs(x), hn::Set(d, 9.2f));  // tanh is 1 in float from 9.02 on
  const V square = hn::Mul(magnitude, magnitude);
  const V small = hn::MulAdd(hn::Mul(magnitude, square), polynomial(d, square, kSmall), magnitude);
  const V power = exp_in_range(d, hn::Add(magnitude, magnitude));
  const V large = hn::NegMulAdd(hn::Set(d, 2.0f), reciprocal(d, hn::Add(power, one)), one);
  const V value = hn::IfThenElse(hn::Lt(magnitude, hn::Set(d, 0.625f)), small, large);
  return keep_nan(x, hn::CopySign(value, x));
}

/// 1 / (1 + e^-x) within 4 ulp; 0 where that would be below the smallest normal number.
template <class D, class V>
HWY_INLINE V sigmoid(D d, V x) {
  const V one = hn::Set(d, 1.0f), least = hn::Set(d, -87.33f);
  const V bounded = clamp(x, least, hn::Set(d, 87.33f));
  // As split_power() has it, of -x: n is here the number whose 2^-n is wanted, r what is left of x.
  const V shift = hn::Set(d, 12582912.0f);
  const V shifted = hn::NegMulAdd(bounded, hn::Set(d, 1.44269504f), shift);
  const V n = hn::Sub(shift, shifted);
  const V r = hn::NegMulAdd(n, hn::Set(d, 1.42860677e-6f), hn::NegMulAdd(n, hn::Set(d, 0.693145752f), bounded));
  // e^-r: a minimax fit, error 1e-7.
  static constexpr float kFitted[] = {1, -0.9999997f, 0.49999145f, -0.1666764f, 0.04189839f, -0.008290229f};
  const hn::RebindToSigned<D> bits;
  const auto fraction = hn::BitCast(bits, polynomial(d, r, kFitted));
  const V power = hn::BitCast(d, hn::Add(fraction, hn::ShiftLeft<23>(hn::BitCast(bits, shifted))));
  const V sum = hn::Add(one, power);
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  const V value = reciprocal(d, sum);  // from 14 bits one step does, up to the largest power
#else
  const V value = hn::Div(one, sum);  // beside all else it takes no longer than two steps
#endif
  return hn::IfThenZeroElse(hn::Lt(x, least), value);
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

/// ln x within 3 ulp; NaN below 0, -infinity at 0.
template <class D, class V>
HWY_INLINE V log(D d, V x) {
  const V zero = hn::Zero(d);
  const V value = hn::IfThenElse(hn::Gt(x, zero), hn::Log(d, x), hn::Set(d, NAN));
  const V ended = hn::IfThenElse(hn::Eq(x, hn::Set(d, HUGE_VALF)), x, value);
  return keep_nan(x, hn::IfThenElse(hn::Eq(x, zero), hn::Set(d, -HUGE_VALF), ended));
}

/// e^x - 1 within 4 ulp; infinity above 88.72.
template <class D, class V>
HWY_INLINE V expm1(D d, V x) {
  const V bounded = hn::Min(hn::Max(x, hn::Set(d, -30.0f)), hn::Set(d, 88.7f));
  const V value = hn::IfThenElse(hn::Gt(x, hn::Set(d, 88.7228394f)), hn::Set(d, HUGE_VALF), hn::Expm1(d, bounded));
  return keep_nan(x, value);
}

/// ln(1 + e^x) within 4 ulp.
template <class D, class V>
HWY_INLINE V softplus(D d, V x) {
  const V power = exp(d, hn::Neg(hn::Abs(x)));
  return hn::Add(keep_nan(x, hn::Max(x, hn::Zero(d))), hn::Log1p(d, power));
}

/// x tanh(ln(1 + e^x)), which is x (e^2x + 2 e^x) / (e^2x + 2 e^x + 2), within 6 ulp.
template <class D, class V>
HWY_INLINE V mish(D d, V x) {
  const V power = exp(d, hn::Min(x, hn::Set(d, 20.0f)));
  const V two = hn::Set(d, 2.0f);
  const V rise = hn::Mul(power, hn::Add(power, two));
  const V value = hn::Mul(x, hn::Mul(rise, reciprocal(d, hn::Add(rise, two))));
  return keep_nan(x, hn::IfThenElse(hn::Gt(x, hn::Set(d, 20.0f)), x, value));
}

/// max(x, 0) + min(alpha (e^(x / alpha) - 1), 0).
template <class D, class V>
HWY_INLINE V celu(D d, V x, V alpha) {
  const V zero = hn::Zero(d);
  const V curve = hn::Mul(alpha, expm1(d, hn::Div(x, alpha)));
  const V positive = hn::IfThenElse(hn::Lt(x, zero), zero, x);
  return hn::Add(positive, hn::IfThenElse(hn::Lt(curve, zero), curve, zero));
}

/// -1, 0 or 1.
template <class D, class V>
HWY_INLINE V sign(D d, V x) {
  const V zero = hn::Zero(d);
  const V one = hn::CopySign(hn::Set(d, 1.0f), x);
  return keep_nan(x, hn::IfThenElse(hn::Eq(x, zero), zero, one));
}

/// x^(1/2) as pow has it: of -infinity infinity, of -0 +0.
template <class D, class V>
HWY_INLINE V power_of_half(D d, V x) {
  const V infinity = hn::Set(d, HUGE_VALF);
  return hn::IfThenElse(hn::Eq(hn::Abs(x), infinity), infinity, hn::Sqrt(hn::Add(x, hn::Zero(d))));
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
