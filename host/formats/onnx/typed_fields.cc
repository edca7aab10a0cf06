// Decodes the repeated fields of TensorProto that are not the tensor's own bytes.
#include <algorithm>
#include <cstring>

#include "host/base/checked.h"
#include "host/formats/onnx/tensor_reader.h"

namespace tenon::host {
namespace {

constexpr char kReason[] = "stored in typed fields";

Status check_count(const char* field, int found, uint64_t expected, tn_dtype dtype, const std::vector<int64_t>& dims) {
  if (static_cast<uint64_t>(found) == expected) return {};
  return error(
      TN_INVALID_MODEL, field, " holds ", found, " entries, expected ", expected, " for ", dtype_name(dtype), " ",
      shape_text(dims),
      found == 0 ? ": it has no data; export the model again" : ": the file is damaged, or its dims are wrong");
}

// One value of `T` per entry, cut to T's width.
template <typename T, typename Entries>
Result<Tensor> decode(const Entries& entries, const char* field, uint64_t count, tn_dtype dtype,
                      std::vector<int64_t> dims) {
  TENON_RETURN_IF_ERROR(check_count(field, entries.size(), count, dtype, dims));
  TENON_ASSIGN_OR_RETURN(Tensor tensor, Tensor::allocate(dtype, std::move(dims), Residence::kCopied, kReason));
  auto* target = static_cast<T*>(tensor.mutable_data());
  std::transform(entries.begin(), entries.end(), target, [](auto entry) { return static_cast<T>(entry); });
  return tensor;
}

// An entry is one element in its low 6 bits; in memory four of them fill three bytes, the first in the lowest bits.
template <typename Entries>
Result<Tensor> decode_6_bit(const Entries& entries, uint64_t count, tn_dtype dtype, std::vector<int64_t> dims) {
  TENON_RETURN_IF_ERROR(check_count("int32_data", entries.size(), count, dtype, dims));
  TENON_ASSIGN_OR_RETURN(Tensor tensor, Tensor::allocate(dtype, std::move(dims), Residence::kCopied, kReason));
  auto* target = static_cast<uint8_t*>(tensor.mutable_data());
  uint32_t pending = 0;  // bits that do not fill a byte yet
  int pending_count = 0;
  for (int32_t entry : entries) {
    pending |= (static_cast<uint32_t>(entry) & 0x3f) << pending_count;
    pending_count += 6;
    if (pending_count < 8) continue;
    *target++ = static_cast<uint8_t>(pending);
    pending >>= 8;
    pending_count -= 8;
  }
  if (pending_count > 0) *target = static_cast<uint8_t>(pending);
  return tensor;
}

Result<Tensor> decode_strings(const onnx::TensorProto& proto, uint64_t count, std::vector<int64_t> dims) {
  TENON_RETURN_IF_ERROR(check_count("string_data", proto.string_data_size(), count, TN_STRING, dims));
  std::vector<std::string> strings(proto.string_data().begin(), proto.string_data().end());
  TENON_ASSIGN_OR_RETURN(const Tensor tensor, Tensor::from_strings(dims, std::move(strings), Residence::kCopied));
  return Tensor(TN_STRING, std::move(dims), tensor.data(), tensor.byte_length(), tensor.owner(), Residence::kCopied,
                kReason);
}

}  // namespace

Result<Tensor> decode_typed_fields(const onnx::TensorProto& proto, tn_dtype dtype, std::vector<int64_t> dims) {
  const uint64_t count = checked_element_count(dims).get().value_or(0);
  const auto& int32s = proto.int32_data();
  switch (dtype) {
    case TN_STRING: return decode_strings(proto, count, std::move(dims));
    case TN_INT64: return decode<int64_t>(proto.int64_data(), "int64_data", count, dtype, std::move(dims));
    case TN_UINT64: return decode<uint64_t>(proto.uint64_data(), "uint64_data", count, dtype, std::move(dims));
    case TN_UINT32: return decode<uint32_t>(proto.uint64_data(), "uint64_data", count, dtype, std::move(dims));
    case TN_INT32: return decode<int32_t>(int32s, "int32_data", count, dtype, std::move(dims));
    case TN_BOOL: return decode<bool>(int32s, "int32_data", count, dtype, std::move(dims));
    case TN_INT16:
    case TN_UINT16:
    case TN_FLOAT16:
    case TN_BFLOAT16: return decode<uint16_t>(int32s, "int32_data", count, dtype, std::move(dims));
    case TN_FLOAT6E2M3:
    case TN_FLOAT6E3M2: return decode_6_bit(int32s, count, dtype, std::move(dims));
    default: {
      // Types of 8 bits, 4 and 2: an entry is a byte, which holds one, two or four elements.
      const uint64_t bytes = checked_byte_length(dtype, dims).get().value_or(0);
      return decode<uint8_t>(int32s, "int32_data", bytes, dtype, std::move(dims));
    }
  }
}

}  // namespace tenon::host
