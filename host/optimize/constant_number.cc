#include "host/optimize/constant_number.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "host/base/dtype.h"

namespace tenon::host {
namespace {

double value_of_half(uint16_t bits) {
  const double sign = (bits & 0x8000) != 0 ? -1 : 1;
  const int exponent = (bits >> 10) & 0x1f, mantissa = bits & 0x3ff;
  if (exponent == 0x1f) return mantissa != 0 ? NAN : sign * INFINITY;
  return sign * (exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(mantissa + 0x400, exponent - 25));
}

}  // namespace

std::optional<double> number_of(const Value& value) {
  if (!value.is_constant() || value.constant->data() == nullptr || value.constant->element_count() != 1)
    return std::nullopt;
  const Tensor& tensor = *value.constant;
  const auto element = [&](auto as) {
    std::memcpy(&as, tensor.data(), sizeof as);  // a mapped tensor need not be aligned
    return as;
  };
  switch (tensor.dtype()) {
    case TN_FLOAT: return element(float{});
    case TN_DOUBLE: return element(double{});
    case TN_FLOAT16: return value_of_half(element(uint16_t{}));
    case TN_INT64: return static_cast<double>(element(int64_t{}));
    case TN_INT32: return element(int32_t{});
    case TN_BFLOAT16: return std::bit_cast<float>(uint32_t{element(uint16_t{})} << 16);
    default: return std::nullopt;
  }
}

}  // namespace tenon::host
