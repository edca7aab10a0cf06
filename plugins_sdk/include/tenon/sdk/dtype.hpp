// Element types: C++ stand-ins for those that C++17 lacks, and the map between C++ types and tn_dtype.
#pragma once

#include <tenon/kernel_api/tensor.h>

#include <cstdint>
#include <cstring>
#include <string_view>
#include <tenon/sdk/version.hpp>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

namespace detail {
inline uint32_t bits_of(float f) {
  uint32_t u;
  std::memcpy(&u, &f, 4);
  return u;
}
inline float float_of(uint32_t u) {
  float f;
  std::memcpy(&f, &u, 4);
  return f;
}
}  // namespace detail

/// IEEE 754 binary16. Converts from float with round-to-nearest-even; exact to float.
struct Float16 {
  uint16_t bits = 0;

  Float16() = default;
  explicit Float16(float value) : bits(encode(value)) {}
  static Float16 from_bits(uint16_t b) {
    Float16 h;
    h.bits = b;
    return h;
  }
  operator float() const {
    const uint32_t sign = uint32_t(bits & 0x8000u) << 16;
    const uint32_t exponent = (bits >> 10) & 0x1fu;
    const uint32_t mantissa = bits & 0x3ffu;
    if (exponent == 0x1f) return detail::float_of(sign | 0x7f800000u | (mantissa << 13));
    if (exponent != 0) return detail::float_of(sign | ((exponent + 112u) << 23) | (mantissa << 13));
    const float magnitude = float(mantissa) * 5.9604644775390625e-8f;  // 2^-24: subnormals are multiples of it
    return sign ? -magnitude : magnitude;
  }

 private:
  static uint16_t encode(float value) {
    const uint32_t u = detail::bits_of(value);
    const uint16_t sign = uint16_t((u >> 16) & 0x8000u);
    const uint32_t magnitude = u & 0x7fffffffu;
    if (magnitude > 0x7f800000u) return uint16_t(sign | 0x7e00u);
    if (magnitude >= 0x477ff000u) return uint16_t(sign | 0x7c00u);  // rounds to infinity
    if (magnitude < 0x38800000u) {
      // Adding 0.5 puts the rounded multiple of 2^-24 into the low mantissa bits.
      const float shifted = detail::float_of(magnitude) + 0.5f;
      return uint16_t(sign | (detail::bits_of(shifted) - 0x3f000000u));
    }
    const uint32_t rounded = magnitude + 0xfffu + ((magnitude >> 13) & 1u) - 0x38000000u;
    return uint16_t(sign | (rounded >> 13));
  }
};

/// The upper half of an IEEE 754 binary32. Converts from float with round-to-nearest-even; exact to float.
struct BFloat16 {
  uint16_t bits = 0;

  BFloat16() = default;
  explicit BFloat16(float value) {
    const uint32_t u = detail::bits_of(value);
    if ((u & 0x7fffffffu) > 0x7f800000u) {
      bits = uint16_t((u >> 16) | 0x40u);
    } else {
      bits = uint16_t((u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
    }
  }
  static BFloat16 from_bits(uint16_t b) {
    BFloat16 h;
    h.bits = b;
    return h;
  }
  operator float() const { return detail::float_of(uint32_t(bits) << 16); }
};

template <typename T>
struct DTypeOf;
#define TN_SDK_DTYPE(type, code)            \
  template <>                               \
  struct DTypeOf<type> {                    \
    static constexpr tn_dtype value = code; \
  };
TN_SDK_DTYPE(float, TN_FLOAT)
TN_SDK_DTYPE(double, TN_DOUBLE)
TN_SDK_DTYPE(Float16, TN_FLOAT16)
TN_SDK_DTYPE(BFloat16, TN_BFLOAT16)
TN_SDK_DTYPE(int8_t, TN_INT8)
TN_SDK_DTYPE(int16_t, TN_INT16)
TN_SDK_DTYPE(int32_t, TN_INT32)
TN_SDK_DTYPE(int64_t, TN_INT64)
TN_SDK_DTYPE(uint8_t, TN_UINT8)
TN_SDK_DTYPE(uint16_t, TN_UINT16)
TN_SDK_DTYPE(uint32_t, TN_UINT32)
TN_SDK_DTYPE(uint64_t, TN_UINT64)
TN_SDK_DTYPE(bool, TN_BOOL)
TN_SDK_DTYPE(tn_str, TN_STRING)
#undef TN_SDK_DTYPE

template <typename T>
constexpr tn_dtype kDTypeOf = DTypeOf<T>::value;

/// Bits of one element; 0 for TN_UNDEFINED and unknown types. A string counts as its tn_str.
constexpr int bits_per_element(uint32_t dtype) {
  switch (dtype) {
    case TN_UINT2:
    case TN_INT2: return 2;
    case TN_UINT4:
    case TN_INT4:
    case TN_FLOAT4E2M1: return 4;
    case TN_FLOAT6E2M3:
    case TN_FLOAT6E3M2: return 6;
    case TN_UINT8:
    case TN_INT8:
    case TN_BOOL:
    case TN_FLOAT8E4M3FN:
    case TN_FLOAT8E4M3FNUZ:
    case TN_FLOAT8E5M2:
    case TN_FLOAT8E5M2FNUZ:
    case TN_FLOAT8E8M0: return 8;
    case TN_UINT16:
    case TN_INT16:
    case TN_FLOAT16:
    case TN_BFLOAT16: return 16;
    case TN_FLOAT:
    case TN_INT32:
    case TN_UINT32: return 32;
    case TN_DOUBLE:
    case TN_INT64:
    case TN_UINT64:
    case TN_COMPLEX64: return 64;
    case TN_COMPLEX128:
    case TN_STRING: return 128;
    default: return 0;
  }
}

/// The name as ONNX writes it, in lower case: "float16"; "unknown" for anything else.
inline std::string_view dtype_name(uint32_t dtype) {
  constexpr std::string_view names[] = {"undefined",      "float",    "uint8",        "int8",           "uint16",
                                        "int16",          "int32",    "int64",        "string",         "bool",
                                        "float16",        "double",   "uint32",       "uint64",         "complex64",
                                        "complex128",     "bfloat16", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2",
                                        "float8e5m2fnuz", "uint4",    "int4",         "float4e2m1",     "float8e8m0",
                                        "uint2",          "int2",     "float6e2m3",   "float6e3m2"};
  return dtype < sizeof(names) / sizeof(names[0]) ? names[dtype] : std::string_view("unknown");
}

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk
