#include "host/formats/onnx/tensor_reader.h"

#include <algorithm>

#include "host/base/checked.h"

namespace tenon::host {
namespace {

constexpr size_t kIndexBytes = sizeof(uint64_t);

}  // namespace

Result<Tensor> TensorReader::read(const onnx::TensorProto& proto) {
  TENON_ASSIGN_OR_RETURN(const tn_dtype dtype, read_element_type(proto.data_type()));
  std::vector<int64_t> dims(proto.dims().begin(), proto.dims().end());
  TENON_ASSIGN_OR_RETURN(const uint64_t expected, bytes_needed(dtype, dims));
  if (proto.has_segment())
    return error(TN_UNSUPPORTED, "it is stored in segments: store it as raw_data or as external data");
  const bool external = proto.data_location() == onnx::TensorProto::EXTERNAL;
  if (dtype == TN_STRING && (external || proto.has_raw_data()))
    return error(TN_INVALID_MODEL, "strings are stored as ", external ? "external data" : "raw_data",
                 ", expected string_data");
  if (external) {
    TENON_ASSIGN_OR_RETURN(const ExternalBytes found, files_.find(proto, expected));
    const std::string field = "external data in '" + found.file->path().filename().string() + "'";
    return place_tensor({found.bytes, found.file, found.file.get(), field, found.offset}, dtype, std::move(dims),
                        expected, &copies_);
  }
  if (proto.has_raw_data()) return read_raw(proto, std::move(dims), expected);
  const auto indices = [](const auto& field) { return std::as_bytes(std::span(field.data(), field.size())); };
  if (dtype == TN_FLOAT || dtype == TN_COMPLEX64)
    return read_runs(indices(proto.float_data()), "float_data", dtype, std::move(dims), expected);
  if (dtype == TN_DOUBLE || dtype == TN_COMPLEX128)
    return read_runs(indices(proto.double_data()), "double_data", dtype, std::move(dims), expected);
  return decode_typed_fields(proto, dtype, std::move(dims));
}

Result<Tensor> TensorReader::read_sparse(const onnx::SparseTensorProto& proto) {
  auto values = read(proto.values());
  if (!values.is_ok()) return values.status().with_context("values");
  auto indices = read(proto.indices());
  if (!indices.is_ok()) return indices.status().with_context("indices");
  copies_.finish({});  // both are looked at now
  return make_dense(*values, *indices, {proto.dims().begin(), proto.dims().end()}, dense_budget_);
}

Result<Tensor> TensorReader::read_raw(const onnx::TensorProto& proto, std::vector<int64_t> dims, uint64_t expected) {
  if (proto.raw_data().size() != kIndexBytes) return error(TN_INTERNAL, "its raw_data is not of a skeleton");
  TENON_ASSIGN_OR_RETURN(const onnx_wire::WeightSpan span, span_at(proto.raw_data().data()));
  const TensorBytes source = {input_.subspan(span.offset, span.length), owner_, mapping_, "raw_data", span.offset};
  return place_tensor(source, static_cast<tn_dtype>(proto.data_type()), std::move(dims), expected, &copies_);
}

Result<Tensor> TensorReader::read_runs(std::span<const std::byte> indices, const char* field, tn_dtype dtype,
                                       std::vector<int64_t> dims, uint64_t expected) {
  const auto index_at = [&](size_t i) { return reinterpret_cast<const char*>(indices.data()) + i * kIndexBytes; };
  const size_t runs = indices.size() / kIndexBytes;
  if (runs == 1) {
    TENON_ASSIGN_OR_RETURN(const onnx_wire::WeightSpan span, span_at(index_at(0)));
    return place_tensor({input_.subspan(span.offset, span.length), owner_, mapping_, field, span.offset}, dtype,
                        std::move(dims), expected, &copies_);
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

}  // namespace tenon::host
