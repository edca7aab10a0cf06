#include "conform/cases/elements.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <tenon/sdk/dtype.hpp>

#include "host/base/dtype.h"

namespace tenon::cases {
namespace {

using host::Tensor;

Tensor allocate(tn_dtype dtype, const Shape& shape) {
  auto tensor = Tensor::allocate(dtype, shape, host::Residence::kComputed);
  if (!tensor.is_ok()) throw std::runtime_error(tensor.status().message());
  return *tensor;
}

template <typename T>
void put(Tensor& tensor, int64_t i, T value) {
  std::memcpy(static_cast<char*>(tensor.mutable_data()) + static_cast<size_t>(i) * sizeof(T), &value, sizeof(T));
}

template <typename T>
T get(const Tensor& tensor, int64_t i) {
  T value;
  std::memcpy(&value, static_cast<const char*>(tensor.data()) + static_cast<size_t>(i) * sizeof(T), sizeof(T));
  return value;
}

double draw_float(Edges edges, double unit, Draw& draw) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (edges == Edges::kEndless && draw.chance(8)) return draw.pick({std::nan(""), kInfinity, -kInfinity, -0.0});
  if (edges == Edges::kAll && draw.chance(15))
    return draw.pick({std::nan(""), kInfinity, -kInfinity, -0.0, 1e30, -1e30, 1e-40, 88.7, -104.0, 300.0, 2147483648.0,
                      -129.0, 255.6, 9.3e18, 0.49999997});
  return static_cast<double>(draw.between(-8, 8)) * unit;
}

uint16_t draw_half(Edges edges, double unit, bool is_bfloat16, Draw& draw) {
  if (is_bfloat16) {
    const float wide = static_cast<float>(draw_float(edges, unit, draw));
    uint32_t bits;
    std::memcpy(&bits, &wide, sizeof bits);
    return static_cast<uint16_t>(std::isnan(wide) ? 0x7fc0 : bits >> 16);
  }
  if (edges == Edges::kAll && draw.chance(15))
    return draw.pick<uint16_t>({0x7e00, 0x7c00, 0xfc00, 0x8000, 0x7bff, 1, 0xfbff});
  return draw.pick<uint16_t>({0, 0x3c00, 0xbc00, 0x4000, 0x3800, 0xc200, 0x4400, 0xb800, 0x4248, 0x3555});
}

int64_t draw_integer(Edges edges, bool is_signed, int bits, Draw& draw) {
  if (edges == Edges::kAll && draw.chance(15))
    return static_cast<int64_t>((uint64_t{1} << (bits - 1)) - static_cast<uint64_t>(draw.between(0, 1)));
  return draw.between(is_signed ? -5 : 0, 9);
}

bool is_signed_type(tn_dtype dtype) {
  return dtype == TN_INT8 || dtype == TN_INT16 || dtype == TN_INT32 || dtype == TN_INT64 || dtype == TN_INT4;
}

double wide(float v) {
  return v;
}
double wide(double v) {
  return v;
}

template <typename T>
std::optional<std::string> float_difference(const Tensor& expected, const Tensor& found, int64_t count,
                                            double epsilons) {
  for (int64_t i = 0; i < count; ++i) {
    const double a = wide(get<T>(expected, i)), b = wide(get<T>(found, i));
    if (a == b || (std::isnan(a) && std::isnan(b))) continue;
    const double room = epsilons * static_cast<double>(std::numeric_limits<T>::epsilon());
    if (std::abs(a - b) <= room * std::max({1.0, std::abs(a), std::abs(b)}) && std::isfinite(a) && std::isfinite(b))
      continue;
    return host::concat("element ", i, " is ", std::to_string(b), ", expected ", std::to_string(a));
  }
  return std::nullopt;
}

template <typename Half>
std::optional<std::string> half_difference(const Tensor& expected, const Tensor& found, int64_t count,
                                           double epsilons) {
  // Of numbers near 1: the step from one to the next.
  const double step = std::is_same_v<Half, sdk::Float16> ? 0x1p-10 : 0x1p-7;
  for (int64_t i = 0; i < count; ++i) {
    const auto a = get<Half>(expected, i), b = get<Half>(found, i);
    const auto x = static_cast<double>(static_cast<float>(a)), y = static_cast<double>(static_cast<float>(b));
    if (get<uint16_t>(expected, i) == get<uint16_t>(found, i) || (std::isnan(x) && std::isnan(y))) continue;
    if (std::isfinite(x) && std::isfinite(y) &&
        std::abs(x - y) <= epsilons * step * std::max({1.0, std::abs(x), std::abs(y)}))
      continue;
    return host::concat("element ", i, " is ", std::to_string(y), ", expected ", std::to_string(x), " (bits ",
                        get<uint16_t>(found, i), " and ", get<uint16_t>(expected, i), ")");
  }
  return std::nullopt;
}

// The last byte of elements below a byte may have bits to spare.
bool same_bytes(const Tensor& a, const Tensor& b) {
  const size_t whole = static_cast<size_t>(a.element_count() * host::dtype_bits(a.dtype())) / 8;
  const int rest = static_cast<int>(a.element_count() * host::dtype_bits(a.dtype()) % 8);
  if (whole != 0 && std::memcmp(a.data(), b.data(), whole) != 0) return false;
  const auto last = static_cast<int64_t>(whole);
  return rest == 0 || ((get<uint8_t>(a, last) ^ get<uint8_t>(b, last)) & ((1 << rest) - 1)) == 0;
}

std::string element_text(const Tensor& t, int64_t i) {
  switch (t.dtype()) {
    case TN_FLOAT: return std::to_string(get<float>(t, i));
    case TN_DOUBLE: return std::to_string(get<double>(t, i));
    case TN_INT64: return std::to_string(get<int64_t>(t, i));
    case TN_INT32: return std::to_string(get<int32_t>(t, i));
    case TN_STRING: return std::string(t.string_at(i));
    case TN_INT8:
    case TN_UINT8:
    case TN_BOOL: return std::to_string(get<uint8_t>(t, i));
    default: return "..";
  }
}

}  // namespace

Tensor draw_tensor(tn_dtype dtype, const Shape& shape, Edges edges, Draw& draw, double unit) {
  Tensor tensor = allocate(dtype, shape);
  const int64_t count = tensor.element_count();
  const int bits = host::dtype_bits(dtype);
  for (int64_t i = 0; i < count; ++i) {
    switch (dtype) {
      case TN_FLOAT: put(tensor, i, static_cast<float>(draw_float(edges, unit, draw))); break;
      case TN_DOUBLE: put(tensor, i, draw_float(edges, unit, draw)); break;
      case TN_FLOAT16:
      case TN_BFLOAT16: put(tensor, i, draw_half(edges, unit, dtype == TN_BFLOAT16, draw)); break;
      case TN_BOOL: put<uint8_t>(tensor, i, static_cast<uint8_t>(draw.between(0, 1))); break;
      case TN_STRING: tensor.set_string(i, draw.pick<const char*>({"", "a", "bc", "-3"})); break;
      case TN_INT64:
      case TN_UINT64: put(tensor, i, draw_integer(edges, is_signed_type(dtype), 64, draw)); break;
      case TN_INT32:
      case TN_UINT32: put(tensor, i, static_cast<int32_t>(draw_integer(edges, is_signed_type(dtype), 32, draw))); break;
      case TN_INT16:
      case TN_UINT16: put(tensor, i, static_cast<int16_t>(draw_integer(edges, is_signed_type(dtype), 16, draw))); break;
      case TN_INT8:
      case TN_UINT8: put(tensor, i, static_cast<int8_t>(draw_integer(edges, is_signed_type(dtype), 8, draw))); break;
      default: break;  // by bytes, below
    }
  }
  const bool by_bytes = bits < 8 || bits > 64 || dtype == TN_COMPLEX64 || (dtype > TN_BFLOAT16 && bits == 8);
  if (dtype != TN_STRING && by_bytes)
    for (size_t i = 0; i < tensor.byte_length(); ++i)
      static_cast<uint8_t*>(tensor.mutable_data())[i] = static_cast<uint8_t>(draw.between(0, 63));
  return tensor;
}

Tensor tensor_of(tn_dtype dtype, const Shape& shape, const std::vector<int64_t>& values) {
  Tensor tensor = allocate(dtype, shape);
  const size_t count = std::min(values.size(), static_cast<size_t>(tensor.element_count()));
  if (dtype != TN_STRING && tensor.byte_length() > 0) std::memset(tensor.mutable_data(), 0, tensor.byte_length());
  for (size_t i = 0; i < count; ++i) {
    const auto at = static_cast<int64_t>(i);
    const int64_t v = values[i];
    switch (dtype) {
      case TN_FLOAT: put(tensor, at, static_cast<float>(v)); break;
      case TN_DOUBLE: put(tensor, at, static_cast<double>(v)); break;
      case TN_FLOAT16: put(tensor, at, sdk::Float16(static_cast<float>(v))); break;
      case TN_BFLOAT16: put(tensor, at, sdk::BFloat16(static_cast<float>(v))); break;
      case TN_BOOL: put(tensor, at, static_cast<uint8_t>(v != 0)); break;
      case TN_STRING: tensor.set_string(at, std::to_string(v)); break;
      default: {
        const int bits = host::dtype_bits(dtype);
        if (bits < 8 || bits > 64) throw std::runtime_error("no integers of type " + host::dtype_name(dtype));
        std::memcpy(static_cast<char*>(tensor.mutable_data()) + i * static_cast<size_t>(bits) / 8, &v,
                    static_cast<size_t>(bits) / 8);
      }
    }
  }
  return tensor;
}

std::optional<std::string> difference(const Tensor& expected, const Tensor& found, double epsilons,
                                      double half_epsilons) {
  if (expected.dtype() != found.dtype())
    return host::concat("the type is ", host::dtype_name(found.dtype()), ", expected ",
                        host::dtype_name(expected.dtype()));
  if (expected.shape() != found.shape())
    return host::concat("the shape is ", host::shape_text(found.shape()), ", expected ",
                        host::shape_text(expected.shape()));
  const int64_t count = expected.element_count();
  switch (expected.dtype()) {
    case TN_FLOAT: return float_difference<float>(expected, found, count, epsilons);
    case TN_DOUBLE: return float_difference<double>(expected, found, count, epsilons);
    case TN_FLOAT16: return half_difference<sdk::Float16>(expected, found, count, half_epsilons);
    case TN_BFLOAT16: return half_difference<sdk::BFloat16>(expected, found, count, half_epsilons);
    case TN_STRING:
      for (int64_t i = 0; i < count; ++i)
        if (expected.string_at(i) != found.string_at(i)) return host::concat("string ", i, " differs");
      return std::nullopt;
    default:
      if (same_bytes(expected, found)) return std::nullopt;
      return "the elements are " + elements_text(found) + ", expected " + elements_text(expected);
  }
}

std::string elements_text(const Tensor& tensor) {
  constexpr int64_t kShown = 8;
  std::string text = "{";
  for (int64_t i = 0; i < std::min(tensor.element_count(), kShown); ++i)
    text += (i == 0 ? "" : ",") + element_text(tensor, i);
  return text + (tensor.element_count() > kShown ? ",...}" : "}");
}

}  // namespace tenon::cases
