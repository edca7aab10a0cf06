// The tables and rounding of small_float.h.
#include "convert/small_float.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tenon::cpu_ref {
namespace {

constexpr SmallFloatFormat kFloat16Format = {5, 10, 15, 0x7bff, 0x7c00, 0x7e00, true};
constexpr SmallFloatFormat kBFloat16Format = {8, 7, 127, 0x7f7f, 0x7f80, 0x7fc0, true};
constexpr SmallFloatFormat kE4M3FN = {4, 3, 7, 0x7e, 0, 0x7f, true};
constexpr SmallFloatFormat kE4M3FNUZ = {4, 3, 8, 0x7f, 0, 0x80, false};
constexpr SmallFloatFormat kE5M2 = {5, 2, 15, 0x7b, 0x7c, 0x7e, true};
constexpr SmallFloatFormat kE5M2FNUZ = {5, 2, 16, 0x7f, 0, 0x80, false};
constexpr SmallFloatFormat kE2M1 = {2, 1, 1, 0x7, 0, 0, true};
constexpr SmallFloatFormat kE2M3 = {2, 3, 1, 0x1f, 0, 0, true};
constexpr SmallFloatFormat kE3M2 = {3, 2, 3, 0x1f, 0, 0, true};

uint32_t sign_bit(const SmallFloatFormat& f) {
  return 1u << (f.exponent_bits + f.mantissa_bits);
}

}  // namespace

const SmallFloatFormat* small_float_format(tn_dtype dtype) {
  switch (dtype) {
    case TN_FLOAT16: return &kFloat16Format;
    case TN_BFLOAT16: return &kBFloat16Format;
    case TN_FLOAT8E4M3FN: return &kE4M3FN;
    case TN_FLOAT8E4M3FNUZ: return &kE4M3FNUZ;
    case TN_FLOAT8E5M2: return &kE5M2;
    case TN_FLOAT8E5M2FNUZ: return &kE5M2FNUZ;
    case TN_FLOAT4E2M1: return &kE2M1;
    case TN_FLOAT6E2M3: return &kE2M3;
    case TN_FLOAT6E3M2: return &kE3M2;
    default: return nullptr;
  }
}

uint32_t encode_small_float(const SmallFloatFormat& f, double value, bool saturate) {
  const uint32_t sign = std::signbit(value) ? sign_bit(f) : 0;
  if (std::isnan(value)) {
    if (!f.has_minus_zero) return f.nan;
    return f.nan == 0 ? sign_bit(f) : sign | f.nan;
  }
  const double magnitude = std::fabs(value);
  uint64_t code = f.largest + 1;
  // Counted in units of the last place, a code is its value plus one full mantissa per exponent step.
  if (!std::isinf(magnitude)) {
    const int exponent = magnitude == 0 ? 1 - f.bias : std::max(std::ilogb(magnitude), 1 - f.bias);
    if (exponent <= 1 + f.bias + (1 << f.exponent_bits)) {
      const uint64_t units = static_cast<uint64_t>(std::nearbyint(std::ldexp(magnitude, f.mantissa_bits - exponent)));
      code = (static_cast<uint64_t>(exponent + f.bias - 1) << f.mantissa_bits) + units;
    }
  }
  if (code > f.largest) {
    if (saturate || (f.infinity == 0 && f.nan == 0)) {
      code = f.largest;
    } else if (f.infinity != 0) {
      code = f.infinity;
    } else {
      return f.has_minus_zero ? sign | f.nan : f.nan;
    }
  }
  if (code == 0 && !f.has_minus_zero) return 0;
  return sign | static_cast<uint32_t>(code);
}

double decode_small_float(const SmallFloatFormat& f, uint32_t code) {
  const bool negative = (code & sign_bit(f)) != 0;
  const uint32_t magnitude = code & (sign_bit(f) - 1);
  double value;
  if (!f.has_minus_zero && code == f.nan) return std::numeric_limits<double>::quiet_NaN();
  if (magnitude > f.largest) {
    value =
        magnitude == f.infinity ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  } else {
    const int exponent = static_cast<int>(magnitude >> f.mantissa_bits);
    const uint32_t fraction = magnitude & ((1u << f.mantissa_bits) - 1);
    value = exponent == 0 ? std::ldexp(double(fraction), 1 - f.bias - f.mantissa_bits)
                          : std::ldexp(double(fraction + (1u << f.mantissa_bits)), exponent - f.bias - f.mantissa_bits);
  }
  return negative ? -value : value;
}

uint8_t encode_e8m0(double value, bool saturate, RoundMode mode) {
  constexpr uint8_t kNaN = 255;
  const double magnitude = std::fabs(value);
  if (std::isnan(magnitude)) return kNaN;
  if (std::isinf(magnitude)) return saturate ? 254 : kNaN;
  if (magnitude == 0) return saturate ? 0 : kNaN;
  int exponent = std::ilogb(magnitude);
  const double fraction = std::ldexp(magnitude, -exponent);  // in [1, 2)
  if (mode == RoundMode::kUp ? fraction > 1 : mode == RoundMode::kNearest && fraction >= 1.5) ++exponent;
  const int code = exponent + 127;
  if (code < 0) return saturate ? 0 : kNaN;
  if (code > 254) return saturate ? 254 : kNaN;
  return static_cast<uint8_t>(code);
}

double decode_e8m0(uint8_t code) {
  return code == 255 ? std::numeric_limits<double>::quiet_NaN() : std::ldexp(1.0, code - 127);
}

}  // namespace tenon::cpu_ref
