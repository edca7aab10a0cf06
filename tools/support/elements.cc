// Decodes elements by the layout of their type; small floats share one decoder driven by a table.
#include "tools/support/elements.h"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>

namespace tenon::tools {
namespace {

// How a float of at most 16 bits is laid out, and what its largest exponent stands for.
struct FloatLayout {
  enum class Special { kIeee, kOnlyNanAllOnes, kNegativeZeroIsNan, kNone };
  int exponent_bits;
  int mantissa_bits;
  int bias;
  Special special;
};

FloatLayout layout_of(uint32_t dtype) {
  using enum FloatLayout::Special;
  switch (dtype) {
    case TENON_DTYPE_FLOAT16: return {5, 10, 15, kIeee};
    case TENON_DTYPE_BFLOAT16: return {8, 7, 127, kIeee};
    case TENON_DTYPE_FLOAT8E4M3FN: return {4, 3, 7, kOnlyNanAllOnes};
    case TENON_DTYPE_FLOAT8E4M3FNUZ: return {4, 3, 8, kNegativeZeroIsNan};
    case TENON_DTYPE_FLOAT8E5M2: return {5, 2, 15, kIeee};
    case TENON_DTYPE_FLOAT8E5M2FNUZ: return {5, 2, 16, kNegativeZeroIsNan};
    case TENON_DTYPE_FLOAT6E2M3: return {2, 3, 1, kNone};
    case TENON_DTYPE_FLOAT6E3M2: return {3, 2, 3, kNone};
    default: return {2, 1, 1, kNone};  // FLOAT4E2M1
  }
}

double decode_small_float(uint32_t bits, const FloatLayout& layout) {
  using enum FloatLayout::Special;
  const uint32_t mantissa = bits & ((1u << layout.mantissa_bits) - 1);
  const uint32_t top_exponent = (1u << layout.exponent_bits) - 1;
  const uint32_t exponent = (bits >> layout.mantissa_bits) & top_exponent;
  const bool negative = (bits >> (layout.mantissa_bits + layout.exponent_bits)) & 1u;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  if (layout.special == kNegativeZeroIsNan && negative && exponent == 0 && mantissa == 0) return nan;
  if (exponent == top_exponent) {
    if (layout.special == kIeee) {
      const double infinity = std::numeric_limits<double>::infinity();
      return mantissa ? nan : (negative ? -infinity : infinity);
    }
    if (layout.special == kOnlyNanAllOnes && mantissa == (1u << layout.mantissa_bits) - 1) return nan;
  }
  const double magnitude = exponent == 0 ? std::ldexp(mantissa, 1 - layout.bias - layout.mantissa_bits)
                                         : std::ldexp(mantissa + (1u << layout.mantissa_bits),
                                                      static_cast<int>(exponent) - layout.bias - layout.mantissa_bits);
  return negative ? -magnitude : magnitude;
}

// The bits of an element of at most 8 bits.
uint32_t packed_bits(const ResultView& tensor, int64_t i) {
  const auto width = static_cast<int>(tenon_dtype_bits(tensor.dtype()));
  const auto* first = static_cast<const uint8_t*>(tensor.raw()) + i * width / 8;
  const int shift = static_cast<int>(i * width % 8);
  // A 6-bit element may straddle two bytes.
  const uint32_t bits = shift + width > 8 ? first[0] | static_cast<uint32_t>(first[1]) << 8 : first[0];
  return (bits >> shift) & ((1u << width) - 1);
}

template <typename T>
T load(const ResultView& tensor, int64_t i) {
  T value;
  std::memcpy(&value, static_cast<const char*>(tensor.raw()) + static_cast<size_t>(i) * sizeof(T), sizeof(T));
  return value;
}

std::string number_text(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

}  // namespace

bool is_floating(uint32_t dtype) {
  switch (dtype) {
    case TENON_DTYPE_FLOAT:
    case TENON_DTYPE_DOUBLE:
    case TENON_DTYPE_FLOAT16:
    case TENON_DTYPE_BFLOAT16:
    case TENON_DTYPE_COMPLEX64:
    case TENON_DTYPE_COMPLEX128:
    case TENON_DTYPE_FLOAT8E4M3FN:
    case TENON_DTYPE_FLOAT8E4M3FNUZ:
    case TENON_DTYPE_FLOAT8E5M2:
    case TENON_DTYPE_FLOAT8E5M2FNUZ:
    case TENON_DTYPE_FLOAT8E8M0:
    case TENON_DTYPE_FLOAT4E2M1:
    case TENON_DTYPE_FLOAT6E2M3:
    case TENON_DTYPE_FLOAT6E3M2: return true;
    default: return false;
  }
}

std::complex<double> floating_element(const ResultView& tensor, int64_t i) {
  switch (tensor.dtype()) {
    case TENON_DTYPE_FLOAT: return load<float>(tensor, i);
    case TENON_DTYPE_DOUBLE: return load<double>(tensor, i);
    case TENON_DTYPE_COMPLEX64: return load<std::complex<float>>(tensor, i);
    case TENON_DTYPE_COMPLEX128: return load<std::complex<double>>(tensor, i);
    case TENON_DTYPE_FLOAT16:
    case TENON_DTYPE_BFLOAT16: return decode_small_float(load<uint16_t>(tensor, i), layout_of(tensor.dtype()));
    case TENON_DTYPE_FLOAT8E8M0: {
      const uint32_t exponent = packed_bits(tensor, i);
      return exponent == 255 ? std::numeric_limits<double>::quiet_NaN()
                             : std::ldexp(1.0, static_cast<int>(exponent) - 127);
    }
    default: return decode_small_float(packed_bits(tensor, i), layout_of(tensor.dtype()));
  }
}

int64_t integer_element(const ResultView& tensor, int64_t i) {
  switch (tensor.dtype()) {
    case TENON_DTYPE_INT8: return load<int8_t>(tensor, i);
    case TENON_DTYPE_INT16: return load<int16_t>(tensor, i);
    case TENON_DTYPE_INT32: return load<int32_t>(tensor, i);
    case TENON_DTYPE_INT64: return load<int64_t>(tensor, i);
    case TENON_DTYPE_UINT16: return load<uint16_t>(tensor, i);
    case TENON_DTYPE_UINT32: return load<uint32_t>(tensor, i);
    case TENON_DTYPE_UINT64: return static_cast<int64_t>(load<uint64_t>(tensor, i));
    case TENON_DTYPE_INT4:
    case TENON_DTYPE_INT2: {
      const int64_t sign = int64_t{1} << (tenon_dtype_bits(tensor.dtype()) - 1);
      return (static_cast<int64_t>(packed_bits(tensor, i)) ^ sign) - sign;
    }
    default: return packed_bits(tensor, i);
  }
}

std::string_view string_element(const ResultView& tensor, int64_t i) {
  const tenon_string& text = tensor.data<tenon_string>()[i];
  return {text.data, text.size};
}

std::string element_text(const ResultView& tensor, int64_t i) {
  if (tensor.dtype() == TENON_DTYPE_STRING) return "'" + std::string(string_element(tensor, i)) + "'";
  if (tensor.dtype() == TENON_DTYPE_BOOL) return integer_element(tensor, i) ? "true" : "false";
  if (tensor.dtype() == TENON_DTYPE_UINT64) return std::to_string(static_cast<uint64_t>(integer_element(tensor, i)));
  if (!is_floating(tensor.dtype())) return std::to_string(integer_element(tensor, i));
  const std::complex<double> value = floating_element(tensor, i);
  if (tensor.dtype() != TENON_DTYPE_COMPLEX64 && tensor.dtype() != TENON_DTYPE_COMPLEX128)
    return number_text(value.real());
  return number_text(value.real()) + (value.imag() < 0 ? "" : "+") + number_text(value.imag()) + "i";
}

}  // namespace tenon::tools
