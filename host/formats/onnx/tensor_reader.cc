#include "host/formats/onnx/tensor_reader.h"

#include <algorithm>
#include <cstring>

#include "host/base/checked.h"

namespace tenon::host {
namespace {

constexpr size_t kIndexBytes = sizeof(uint64_t);

Status check_dims(const std::vector<int64_t>& dims) {
  for (size_t i = 0; i < dims.size(); ++i)
    if (dims[i] < 0)
      return error(TN_INVALID_MODEL, "dimension ", i, " is ", dims[i], ", expected 0 or more: export the model again");
  return {};
}

std::string dims_text(const std::vector<int64_t>& dims) {
  std::string text = "[";
  for (int64_t d : dims) {
    if (text.size() > 1) text += ',';
    text += std::to_string(d);
  }
  text += ']';
  return text;
}

Status length_error(const std::string& field, uint64_t found, uint64_t expected, tn_dtype dtype,
                    const std::vector<int64_t>& dims) {
  return error(TN_INVALID_MODEL, field, " holds ", found, " bytes, expected ", expected, " for ", dtype_name(dtype),
               " ", dims_text(dims), ": the file is damaged, or its exporter wrote wrong dims");
}

// Kernels read bools as the language does, so a byte must be 0 or 1.
bool has_odd_bools(std::span<const std::byte> bytes) {
  return std::any_of(bytes.begin(), bytes.end(), [](std::byte b) { return static_cast<uint8_t>(b) > 1; });
}

}  // namespace

Result<tn_dtype> read_element_type(int64_t number) {
  if (number > TN_UNDEFINED && number <= TN_FLOAT6E3M2) return static_cast<tn_dtype>(number);
  if (number == TN_UNDEFINED) return error(TN_INVALID_MODEL, "its element type is missing or undefined (0)");
  return error(TN_UNSUPPORTED, "its element type is number ", number, ", expected one of 1 (float) to ",
               static_cast<int>(TN_FLOAT6E3M2), " (float6e3m2): export the model with a type among these");
}

Result<Tensor> TensorReader::read(const onnx::TensorProto& proto) {
  TENON_ASSIGN_OR_RETURN(const tn_dtype dtype, read_element_type(proto.data_type()));
  std::vector<int64_t> dims(proto.dims().begin(), proto.dims().end());
  TENON_RETURN_IF_ERROR(check_dims(dims));
  const auto expected = checked_byte_length(dtype, dims).get();
  if (!expected)
    return error(TN_INVALID_MODEL, "the product of its dims ", dims_text(dims), " of ", dtype_name(dtype),
                 " does not fit in 64 bits: the file is damaged");
  if (proto.has_segment())
    return error(TN_UNSUPPORTED, "it is stored in segments: store it as raw_data or as external data");
  const bool external = proto.data_location() == onnx::TensorProto::EXTERNAL;
  if (dtype == TN_STRING && (external || proto.has_raw_data()))
    return error(TN_INVALID_MODEL, "strings are stored as ", external ? "external data" : "raw_data",
                 ", expected string_data");
  if (external) {
    TENON_ASSIGN_OR_RETURN(const ExternalBytes found, files_.find(proto, *expected));
    const std::string field = "external data in '" + found.file->path().filename().string() + "'";
    return place({found.bytes, found.file, found.file.get(), field, found.offset}, dtype, std::move(dims), *expected);
  }
  if (proto.has_raw_data()) return read_raw(proto, std::move(dims), *expected);
  const auto indices = [](const auto& field) { return std::as_bytes(std::span(field.data(), field.size())); };
  if (dtype == TN_FLOAT || dtype == TN_COMPLEX64)
    return read_runs(indices(proto.float_data()), "float_data", dtype, std::move(dims), *expected);
  if (dtype == TN_DOUBLE || dtype == TN_COMPLEX128)
    return read_runs(indices(proto.double_data()), "double_data", dtype, std::move(dims), *expected);
  return decode_typed_fields(proto, dtype, std::move(dims));
}

Result<Tensor> TensorReader::read_raw(const onnx::TensorProto& proto, std::vector<int64_t> dims, uint64_t expected) {
  if (proto.raw_data().size() != kIndexBytes) return error(TN_INTERNAL, "its raw_data is not of a skeleton");
  TENON_ASSIGN_OR_RETURN(const onnx_wire::WeightSpan span, span_at(proto.raw_data().data()));
  const Source source = {input_.subspan(span.offset, span.length), owner_, mapping_, "raw_data", span.offset};
  return place(source, static_cast<tn_dtype>(proto.data_type()), std::move(dims), expected);
}

Result<Tensor> TensorReader::read_runs(std::span<const std::byte> indices, const char* field, tn_dtype dtype,
                                       std::vector<int64_t> dims, uint64_t expected) {
  const auto index_at = [&](size_t i) { return reinterpret_cast<const char*>(indices.data()) + i * kIndexBytes; };
  const size_t runs = indices.size() / kIndexBytes;
  if (runs == 1) {
    TENON_ASSIGN_OR_RETURN(const onnx_wire::WeightSpan span, span_at(index_at(0)));
    return place({input_.subspan(span.offset, span.length), owner_, mapping_, field, span.offset}, dtype,
                 std::move(dims), expected);
  }
  CheckedSize total(0);
  for (size_t i = 0; i < runs; ++i) {
    TENON_ASSIGN_OR_RETURN(const onnx_wire::WeightSpan span, span_at(index_at(i)));
    total = total + span.length;
  }
  if (total.get() != expected) return length_error(field, total.get().value_or(0), expected, dtype, dims);
  TENON_ASSIGN_OR_RETURN(Tensor tensor, Tensor::allocate(dtype, std::move(dims), Residence::kCopied,
                                                         concat("stored in ", runs, " pieces of ", field)));
  auto* target = static_cast<std::byte*>(tensor.mutable_data());
  for (size_t i = 0; i < runs; ++i) {
    TENON_ASSIGN_OR_RETURN(const onnx_wire::WeightSpan span, span_at(index_at(i)));
    target = std::copy_n(input_.data() + span.offset, span.length, target);
  }
  return tensor;
}

Result<onnx_wire::WeightSpan> TensorReader::span_at(const char* index_bytes) const {
  uint64_t index = 0;
  for (size_t i = 0; i < kIndexBytes; ++i)
    index |= static_cast<uint64_t>(static_cast<uint8_t>(index_bytes[i])) << 8 * i;
  if (index >= skeleton_.weights.size()) return error(TN_INTERNAL, "the skeleton has no weight ", index);
  return skeleton_.weights[index];
}

Result<Tensor> TensorReader::place(const Source& source, tn_dtype dtype, std::vector<int64_t> dims, uint64_t expected) {
  if (source.bytes.size() != expected) return length_error(source.field, source.bytes.size(), expected, dtype, dims);
  const Residence in_place = source.mapping != nullptr ? Residence::kMapped : Residence::kBorrowed;
  if (expected == 0) return Tensor(dtype, std::move(dims), nullptr, 0, source.owner, in_place);
  const size_t alignment = dtype_alignment(dtype);
  const bool aligned = reinterpret_cast<uintptr_t>(source.bytes.data()) % alignment == 0;
  const bool odd_bools = dtype == TN_BOOL && has_odd_bools(source.bytes);
  if (aligned && !odd_bools)
    return Tensor(dtype, std::move(dims), source.bytes.data(), source.bytes.size(), source.owner, in_place);
  const std::string reason =
      concat(source.field, " at offset ", source.offset,
             odd_bools ? " holds bools other than 0 and 1" : concat(" is not aligned to ", alignment, " bytes"));
  TENON_ASSIGN_OR_RETURN(Tensor tensor, Tensor::allocate(dtype, std::move(dims), Residence::kCopied, reason));
  auto* target = static_cast<uint8_t*>(tensor.mutable_data());
  std::memcpy(target, source.bytes.data(), source.bytes.size());
  if (source.mapping != nullptr) source.mapping->release_pages(source.bytes);
  if (odd_bools) std::transform(target, target + expected, target, [](uint8_t b) { return b != 0 ? 1 : 0; });
  return tensor;
}

}  // namespace tenon::host
