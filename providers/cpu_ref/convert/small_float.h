// The floating-point formats that C++ has no type for, from 4 to 16 bits wide, as conversions from and to double. Every
// value of each format is exact in double. Thread-safe: constant tables only.
#pragma once

#include <tenon/kernel_api/tensor.h>

#include <cstdint>

namespace tenon::cpu_ref {

/// A sign bit above `exponent_bits` and `mantissa_bits`.
struct SmallFloatFormat {
  int exponent_bits;
  int mantissa_bits;
  int bias;
  uint32_t largest;     // the code of the largest finite value
  uint32_t infinity;    // 0: the format has none
  uint32_t nan;         // of positive sign, or the one code that is NaN; 0: the format has none
  bool has_minus_zero;  // false: that code is NaN
};

/// Null for dtypes that are no such format (float8e8m0 has functions of its own).
const SmallFloatFormat* small_float_format(tn_dtype dtype);

/// The code of `value`, rounded to nearest even. Beyond the largest value: that one if `saturate`, else infinity, else
/// NaN, else the largest. A NaN that the format lacks becomes -0.
uint32_t encode_small_float(const SmallFloatFormat& format, double value, bool saturate);
double decode_small_float(const SmallFloatFormat& format, uint32_t code);

enum class RoundMode { kUp, kDown, kNearest };

/// float8e8m0: a power of two, 2^(code - 127), or NaN (255). Negative values are taken by magnitude. Saturation holds 0
/// and infinity within the range; without it they and all that is out of range are NaN.
uint8_t encode_e8m0(double value, bool saturate, RoundMode mode);
double decode_e8m0(uint8_t code);

}  // namespace tenon::cpu_ref
