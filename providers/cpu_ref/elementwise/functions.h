// The functions in the rows of unary.inc and binary.inc that are longer than a line. T is a compute type: half types
// come as float.
#pragma once

#include <algorithm>
#include <string_view>
#include <tenon/sdk/tensor.hpp>

#include "arithmetic.h"
#include "elementwise/smooth.h"

namespace tenon::cpu_ref {

/// |x|; the smallest integer wraps around to itself.
template <typename T>
T magnitude(T x) {
  if constexpr (std::is_integral_v<T>) {
    return x > 0 ? x : wrapping_subtract(T(0), x);
  } else {
    return std::abs(x);
  }
}

/// -x; the smallest integer wraps around to itself.
template <typename T>
T negative(T x) {
  if constexpr (std::is_integral_v<T>) {
    return wrapping_subtract(T(0), x);
  } else {
    return -x;
  }
}

/// -1, 0 or 1; NaN stays NaN.
template <typename T>
T sign(T x) {
  return x > 0 ? T(1) : x == 0 ? T(0) : x != x ? x : static_cast<T>(-1);
}

/// 2/sqrt(pi) * integral of e^(-t^2) for t in [0, x]; of integers in double, truncated.
template <typename T>
T error_function(T x) {
  if constexpr (std::is_integral_v<T>) {
    return truncate_to<T>(std::erf(static_cast<double>(x)));
  } else {
    return std::erf(x);
  }
}

/// max(0, min(1, x)); NaN stays NaN.
template <typename T>
T unit_range(T x) {
  return nan_max<T>(0, nan_min<T>(1, x));
}

// The powers below are of what is not above 0: they cannot overflow.

/// 1 / (1 + e^-x)
template <typename T>
T sigmoid(T x) {
  return static_cast<T>(sigmoid_for<T>(static_cast<double>(x)));
}

template <typename T>
T hyperbolic_tangent(T x) {
  return static_cast<T>(tanh_for<T>(static_cast<double>(x)));
}

/// x / (1 + e^(-alpha x))
template <typename T, typename A>
auto times_sigmoid(T x, A alpha) {
  const auto e = std::exp(-std::abs(alpha * x));
  return alpha * x < 0 ? x * (e / (1 + e)) : x / (1 + e);
}

/// ln(1 + e^x)
template <typename T>
T softplus(T x) {
  return std::max(x, T(0)) + std::log1p(std::exp(-std::abs(x)));
}

/// max(0, x) + min(0, alpha * (e^(x / alpha) - 1))
template <typename T, typename A>
T celu(T x, A alpha) {
  return std::max<T>(x, 0) + std::min<T>(0, alpha * std::expm1(x / alpha));
}

/// Strings by their bytes; NaN equals nothing.
template <typename T>
bool are_equal(const T& a, const T& b) {
  if constexpr (std::is_same_v<T, tn_str>) {
    return sdk::view(a) == sdk::view(b);
  } else {
    return a == b;
  }
}

}  // namespace tenon::cpu_ref
