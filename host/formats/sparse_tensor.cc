#include "host/formats/sparse_tensor.h"

#include <cstring>
#include <optional>

#include "host/base/dtype.h"
#include "host/formats/tensor_bytes.h"

namespace tenon::host {
namespace {

int64_t index_at(const Tensor& indices, int64_t i) {
  switch (indices.dtype()) {
    case TN_INT8: return static_cast<const int8_t*>(indices.data())[i];
    case TN_INT16: return static_cast<const int16_t*>(indices.data())[i];
    case TN_INT32: return static_cast<const int32_t*>(indices.data())[i];
    default: return static_cast<const int64_t*>(indices.data())[i];
  }
}

bool is_index_type(tn_dtype dtype) {
  return dtype == TN_INT64 || dtype == TN_INT32 || dtype == TN_INT16 || dtype == TN_INT8;
}

// The place of value i in row-major order, as its index says it; nothing when it lies outside.
std::optional<int64_t> position_of(int64_t i, const Tensor& indices, const std::vector<int64_t>& dims, int64_t count) {
  if (indices.shape().size() == 1) {
    const int64_t index = index_at(indices, i);
    return index >= 0 && index < count ? std::optional<int64_t>(index) : std::nullopt;
  }
  int64_t position = 0;
  for (size_t d = 0; d < dims.size(); ++d) {
    const int64_t coordinate = index_at(indices, i * static_cast<int64_t>(dims.size()) + static_cast<int64_t>(d));
    if (coordinate < 0 || coordinate >= dims[d]) return std::nullopt;
    position = position * dims[d] + coordinate;
  }
  return position;
}

// Elements may be smaller than bytes and lie across two: the first has the lowest bits. `to` holds zeros there.
void copy_bits(const uint8_t* from, int64_t i, uint8_t* to, int64_t at, int bits) {
  for (int b = 0; b < bits; ++b) {
    const int64_t source = i * bits + b, target = at * bits + b;
    to[target / 8] = static_cast<uint8_t>(to[target / 8] | (from[source / 8] >> source % 8 & 1) << target % 8);
  }
}

void copy_element(const Tensor& from, int64_t i, Tensor& to, int64_t at) {
  const int bits = dtype_bits(to.dtype());
  const auto* source = static_cast<const uint8_t*>(from.data());
  auto* target = static_cast<uint8_t*>(to.mutable_data());
  if (to.dtype() == TN_STRING) {
    to.set_string(at, from.string_at(i));
  } else if (bits % 8 == 0) {
    std::memcpy(target + at * bits / 8, source + i * bits / 8, static_cast<size_t>(bits / 8));
  } else {
    copy_bits(source, i, target, at, bits);
  }
}

Status check_parts(const Tensor& values, const Tensor& indices, size_t rank) {
  if (values.shape().size() != 1)
    return error(TN_INVALID_MODEL, "its values have shape ", shape_text(values.shape()), ", expected one dimension");
  const int64_t count = values.shape()[0];
  const auto& shape = indices.shape();
  const bool is_coordinates = shape.size() == 2 && shape[0] == count && shape[1] == static_cast<int64_t>(rank);
  if (!is_index_type(indices.dtype()) || !(is_coordinates || (shape.size() == 1 && shape[0] == count)))
    return error(TN_INVALID_MODEL, "its indices are ", describe(indices), ", expected int64 ", count, " or ", count,
                 "x", rank, ", one for each value");
  return {};
}

}  // namespace

Status DenseBudget::charge(uint64_t bytes) {
  if (bytes > left_)
    return error(TN_UNSUPPORTED, "it takes ", bytes, " bytes once it is dense, and the sparse tensors of a model may take ",
                 kMostBytes, " together: store it dense, as external data");
  left_ -= bytes;
  return {};
}

Result<Tensor> make_dense(const Tensor& values, const Tensor& indices, std::vector<int64_t> dims, DenseBudget& budget) {
  TENON_RETURN_IF_ERROR(check_parts(values, indices, dims.size()));
  TENON_ASSIGN_OR_RETURN(const uint64_t bytes, bytes_needed(values.dtype(), dims));
  TENON_RETURN_IF_ERROR(budget.charge(bytes));
  TENON_ASSIGN_OR_RETURN(Tensor dense,
                         Tensor::allocate(values.dtype(), std::move(dims), Residence::kCopied, "stored as sparse"));
  if (dense.dtype() != TN_STRING && bytes > 0) std::memset(dense.mutable_data(), 0, bytes);
  int64_t last = -1;
  for (int64_t i = 0; i < values.shape()[0]; ++i) {
    const auto position = position_of(i, indices, dense.shape(), dense.element_count());
    if (!position)
      return error(TN_INVALID_MODEL, "index ", i, " lies outside of shape ", shape_text(dense.shape()),
                   ": the file is damaged");
    if (*position <= last)
      return error(TN_INVALID_MODEL, "index ", i, " does not lie behind the one before it, as the format asks: sort them");
    last = *position;
    copy_element(values, i, dense, last);
  }
  return dense;
}

}  // namespace tenon::host
