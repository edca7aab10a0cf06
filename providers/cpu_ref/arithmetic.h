// Arithmetic that is defined for every value of every element type: integers wrap around, division by an integer zero
// gives 0, floating point follows IEEE 754, and conversions to integers never leave the range of the target.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "dispatch.h"

namespace tenon::cpu_ref {

template <typename T>
T wrapping_add(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
  } else {
    return a + b;
  }
}

template <typename T>
T wrapping_subtract(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
  } else {
    return a - b;
  }
}

template <typename T>
T wrapping_multiply(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
  } else {
    return a * b;
  }
}

/// Integers truncate toward zero; x / 0 is 0 and the smallest value / -1 wraps around to itself.
template <typename T>
T total_divide(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    if (b == 0) return 0;
    if constexpr (std::is_signed_v<T>) {
      if (b == -1) return wrapping_subtract(T(0), a);
    }
    return static_cast<T>(a / b);
  } else {
    return a / b;
  }
}

/// The larger one; NaN if either is NaN.
template <typename T>
T nan_max(T a, T b) {
  return a > b || a != a ? a : b;
}

/// The smaller one; NaN if either is NaN.
template <typename T>
T nan_min(T a, T b) {
  return a < b || a != a ? a : b;
}

/// Truncates toward zero; NaN is 0, and what lies beyond the range of I becomes its nearest end.
template <typename I>
I truncate_to(double value) {
  if (value != value) return 0;
  const double limit = std::ldexp(1.0, std::numeric_limits<I>::digits);
  if (value >= limit) return std::numeric_limits<I>::max();
  if (value <= static_cast<double>(std::numeric_limits<I>::min())) return std::numeric_limits<I>::min();
  return static_cast<I>(value);
}

/// The nearest whole number, halves to even, as std::nearbyint has it, in a way that loops over vectors know.
inline double round_half_even(double value) {
  constexpr double kWhole = 4503599627370496.0;  // 2^52: from there on all doubles are whole
  const double magnitude = std::fabs(value);
  const double rounded = std::copysign((magnitude + kWhole) - kWhole, value);
  return magnitude < kWhole ? rounded : value;
}

/// A result computed in double as an element of type T.
template <typename T>
T from_double(double value) {
  if constexpr (std::is_integral_v<T>) {
    return truncate_to<T>(value);
  } else {
    return static_cast<T>(static_cast<Compute<T>>(value));
  }
}

/// What sums and products of T are held in: double for floating point, 64-bit integers that wrap around otherwise.
template <typename T>
using Accumulator =
    std::conditional_t<!std::is_integral_v<T>, double, std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>>;

/// An accumulated value as an element of type T.
template <typename T>
T from_accumulator(Accumulator<T> value) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(value);
  } else {
    return static_cast<T>(static_cast<Compute<T>>(value));
  }
}

}  // namespace tenon::cpu_ref
