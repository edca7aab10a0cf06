#include "host/base/dtype.h"

#include <array>

namespace tenon::host {
namespace {

struct TypeEntry {
  std::string_view name;
  int bits;
};

// Indexed by TensorProto.DataType.
constexpr std::array<TypeEntry, 29> kTypes = {{
    {"undefined", 0},      {"float", 32},    {"uint8", 8},        {"int8", 8},           {"uint16", 16},
    {"int16", 16},         {"int32", 32},    {"int64", 64},       {"string", 128},       {"bool", 8},
    {"float16", 16},       {"double", 64},   {"uint32", 32},      {"uint64", 64},        {"complex64", 64},
    {"complex128", 128},   {"bfloat16", 16}, {"float8e4m3fn", 8}, {"float8e4m3fnuz", 8}, {"float8e5m2", 8},
    {"float8e5m2fnuz", 8}, {"uint4", 4},     {"int4", 4},         {"float4e2m1", 4},     {"float8e8m0", 8},
    {"uint2", 2},          {"int2", 2},      {"float6e2m3", 6},   {"float6e3m2", 6},
}};

}  // namespace

int dtype_bits(uint32_t dtype) {
  return dtype < kTypes.size() ? kTypes[dtype].bits : 0;
}

std::string dtype_name(uint32_t dtype) {
  if (dtype < kTypes.size()) return std::string(kTypes[dtype].name);
  return "unknown(" + std::to_string(dtype) + ")";
}

tn_dtype dtype_from_name(std::string_view name) {
  if (name == "float32") return TN_FLOAT;
  if (name == "float64") return TN_DOUBLE;
  for (size_t i = 1; i < kTypes.size(); ++i)
    if (kTypes[i].name == name) return static_cast<tn_dtype>(i);
  return TN_UNDEFINED;
}

tn_dtype dtype_from_number(int64_t number) {
  return number > 0 && number < static_cast<int64_t>(kTypes.size()) ? static_cast<tn_dtype>(number) : TN_UNDEFINED;
}

CheckedSize checked_byte_length(uint32_t dtype, std::span<const int64_t> dims) {
  const CheckedSize bits = checked_element_count(dims) * CheckedSize(static_cast<uint64_t>(dtype_bits(dtype)));
  const CheckedSize rounded = bits + CheckedSize(7);
  return rounded.is_valid() ? CheckedSize(*rounded.get() / 8) : rounded;
}

size_t dtype_alignment(uint32_t dtype) {
  switch (dtype) {
    case TN_COMPLEX64: return 4;
    case TN_COMPLEX128:
    case TN_STRING: return 8;
    default: {
      const int bits = dtype_bits(dtype);
      return bits <= 8 ? 1 : static_cast<size_t>(bits) / 8;
    }
  }
}

std::string shape_text(std::span<const int64_t> dims) {
  if (dims.empty()) return "scalar";
  std::string text;
  for (int64_t d : dims) {
    if (!text.empty()) text += 'x';
    text += d < 0 ? "?" : std::to_string(d);
  }
  return text;
}

}  // namespace tenon::host
