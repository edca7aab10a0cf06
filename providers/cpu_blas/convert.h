// One element of one type as another, with cpu_ref's values: what becomes floating point is rounded to nearest even;
// what becomes an integer rounds toward zero to 64 bits, of which the low ones are kept (NaN: 0); anything but zero is
// true.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace tenon::cpu_blas {

/// A byte that is neither 0 nor 1 is no bool to C++; a model may hold one.
struct BoolByte {
  uint8_t byte;
};

inline uint64_t low_bits(double value) {
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  if (std::fabs(value) < kLimit) return static_cast<uint64_t>(static_cast<int64_t>(value));
  if (std::isnan(value)) return 0;
  if (value < 0) return static_cast<uint64_t>(std::numeric_limits<int64_t>::min());
  return value < 2 * kLimit ? static_cast<uint64_t>(value) : std::numeric_limits<uint64_t>::max();
}

template <typename To, typename From>
To convert(From value) {
  if constexpr (std::is_same_v<From, BoolByte>) {
    return static_cast<To>(value.byte != 0);
  } else if constexpr (std::is_same_v<To, bool>) {
    return value != From(0);
  } else if constexpr (std::is_same_v<To, int64_t> && std::is_floating_point_v<From>) {
    const auto wide = static_cast<double>(value);
    return wide >= 9223372036854775808.0 ? std::numeric_limits<int64_t>::max() : static_cast<int64_t>(low_bits(wide));
  } else if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    return static_cast<To>(low_bits(static_cast<double>(value)));
  } else {
    return static_cast<To>(value);
  }
}

}  // namespace tenon::cpu_blas
