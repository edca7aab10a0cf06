// Powers of e and what is made of them, as formulas without branches and calls, so that loops over them become loops
// over vectors. They are for results that are rounded to float: their own error is below a hundredth of its last place.
// Doubles take the functions of the standard library.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace tenon::cpu_ref {

/// `negative` where the sign of `test` is minus, else `other`. By their bits: of a choice compilers make branches.
template <typename T>
T choose_by_sign(T test, T negative, T other) {
  using Bits = std::conditional_t<sizeof(T) == sizeof(uint32_t), uint32_t, uint64_t>;
  static_assert(sizeof(T) == sizeof(Bits));
  Bits sign, bits, other_bits;
  std::memcpy(&sign, &test, sizeof(sign));
  std::memcpy(&bits, &negative, sizeof(bits));
  std::memcpy(&other_bits, &other, sizeof(other_bits));
  const Bits mask = 0 - (sign >> (8 * sizeof(Bits) - 1));
  bits = (bits & mask) | (other_bits & ~mask);
  std::memcpy(&negative, &bits, sizeof(negative));
  return negative;
}

/// `value` where test < 0, else 0.
inline double only_below_zero(double test, double value) {
  return choose_by_sign(test, value, 0.0);
}

/// factors[0] + factors[1] * x + factors[2] * x^2 ...
template <size_t i = 0, size_t count>
double polynomial(const double (&factors)[count], double x) {
  if constexpr (i + 1 == count) {
    return factors[i];
  } else {
    return factors[i] + x * polynomial<i + 1>(factors, x);
  }
}

/// e to this and its reciprocal are normal doubles. Nobody writes it; were it a constant, compilers would make a branch
/// for what is beyond it.
inline double most_smooth_power = 700;

/// e^x - 1 as a * b + (a - 1).
struct SmoothPower {
  double a, b;
};

/// 0 and infinity are only neared, by what a float cannot tell from them. NaN stays NaN.
inline SmoothPower smooth_power(double x) {
  const double most = most_smooth_power, magnitude = std::fabs(x);
  const double bounded = std::copysign(magnitude > most ? most : magnitude, x);
  // e^x = 2^k e^r for the whole number k nearest to x / ln 2. Adding kShift leaves k in the lowest bits of the sum.
  constexpr double kShift = 6755399441055744.0;  // 1.5 * 2^52
  const double shifted = bounded * 1.4426950408889634 + kShift, k = shifted - kShift;
  const double r = bounded - k * 0.6931471805599453;
  uint64_t bits;
  std::memcpy(&bits, &shifted, sizeof(bits));
  bits = (bits + 1023) << 52;
  double power;
  std::memcpy(&power, &bits, sizeof(power));
  // (e^r - 1) / r, fitted to 2.4e-10 of itself for r from -ln 2 / 2 to ln 2 / 2.
  constexpr double kFitted[] = {1.0000000000356293,  0.5000000046569697,    0.16666666182690837,   0.04166635469359799,
                                0.00833341779868321, 0.0013940990759850208, 0.00019832974574816745};
  return {power, r * polynomial(kFitted, r)};
}

/// e^x
inline double smooth_exp(double x) {
  const SmoothPower power = smooth_power(x);
  return power.a + power.a * power.b;
}

/// 1 / (1 + e^-x)
inline double smooth_sigmoid(double x) {
  const double e = smooth_exp(-std::fabs(x));
  return (x < 0 ? e : 1.0) / (1 + e);
}

inline double smooth_tanh(double x) {
  const SmoothPower power = smooth_power(2 * std::fabs(x));
  const double less_one = power.a * power.b + (power.a - 1);
  return std::copysign(less_one / (less_one + 2), x);
}

/// 1 + erf(x), to all digits where it nears 0.
inline double smooth_one_plus_erf(double x) {
  const double magnitude = std::fabs(x), small = only_below_zero(magnitude - 1, x);
  // The series of erf: 2 / sqrt(pi) times the sum of (-1)^n x^(2n + 1) / (n! (2n + 1)).
  constexpr double kSeries[] = {1,
                                -1.0 / 3,
                                1.0 / 10,
                                -1.0 / 42,
                                1.0 / 216,
                                -1.0 / 1320,
                                1.0 / 9360,
                                -1.0 / 75600,
                                1.0 / 685440,
                                -1.0 / 6894720,
                                1.0 / 76204800,
                                -1.0 / 918086400,
                                1.0 / 11975040000};
  const double near = 1.1283791670955126 * small * polynomial(kSeries, small * small);
  // Beyond 1, e^-x^2 times a polynomial in 1 / (2 + x) that was fitted to 1e-10 up to 10.
  constexpr double kFitted[] = {7.997579756779949e-07, 0.5641374834749546, 1.1298621853876682, 1.9504964204088782,
                                3.068269089329207,     1.0521031233199025, 6.352178396065735,  -21.08809814504841,
                                -16.202746100781937,   75.93731521101046,  -53.90845199674368};
  const double fitted = polynomial(kFitted, 1 / (2 + magnitude));
  const double tail = smooth_exp(-x * x) * fitted, sign = std::copysign(1.0, x),
               side = sign - only_below_zero(magnitude - 1, sign);
  // Which is 0 at last, where e^-x^2 is only near to it.
  return (1 + side) + near - side * (tail - only_below_zero(26 - magnitude, tail));
}

// The same for results of type T, a compute type.

template <typename T>
inline constexpr bool kIsSmoothEnough = std::is_same_v<T, float>;

template <typename T>
double exp_for(double x) {
  return kIsSmoothEnough<T> ? smooth_exp(x) : std::exp(x);
}
template <typename T>
double sigmoid_for(double x) {
  if constexpr (kIsSmoothEnough<T>) return smooth_sigmoid(x);
  const double e = std::exp(-std::abs(x));
  return x < 0 ? e / (1 + e) : 1 / (1 + e);
}
template <typename T>
double tanh_for(double x) {
  return kIsSmoothEnough<T> ? smooth_tanh(x) : std::tanh(x);
}
template <typename T>
double one_plus_erf_for(double x) {
  return kIsSmoothEnough<T> ? smooth_one_plus_erf(x) : 1 + std::erf(x);
}

}  // namespace tenon::cpu_ref
