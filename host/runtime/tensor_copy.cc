#include "host/runtime/tensor_copy.h"

#include <cstring>

namespace tenon::host {

Result<Tensor> copy_of(const tn_tensor& view) {
  std::vector<int64_t> shape(view.shape, view.shape + view.rank);
  const auto dtype = static_cast<tn_dtype>(view.dtype);
  TENON_ASSIGN_OR_RETURN(Tensor copy, Tensor::allocate(dtype, std::move(shape), Residence::kRuntime));
  if (dtype == TN_STRING) {
    const auto* strings = static_cast<const tn_str*>(view.data);
    for (int64_t i = 0; i < copy.element_count(); ++i) copy.set_string(i, {strings[i].data, strings[i].size});
  } else if (copy.byte_length() > 0) {
    std::memcpy(copy.mutable_data(), view.data, copy.byte_length());
  }
  return copy;
}

Result<AxisLayout> axis_layout(uint32_t dtype, std::span<const int64_t> shape, size_t axis) {
  const auto outer = checked_element_count(shape.first(axis)).get();
  const auto inner = checked_element_count(shape.subspan(axis)).get();
  const auto bytes = checked_byte_length(dtype, shape.subspan(axis)).get();
  if (!outer || !inner || !bytes)
    return error(TN_INVALID_ARGUMENT, "shape ", shape_text(shape), " does not count in 64 bits");
  if (dtype_bits(dtype) < 8 && *bytes * 8 != *inner * static_cast<uint64_t>(dtype_bits(dtype)))
    return error(TN_UNSUPPORTED, "slices of ", shape_text(shape), " of ", dtype_name(dtype),
                 " are no whole bytes: cast the value to a type of 8 bits or more around this node");
  return AxisLayout{static_cast<int64_t>(*outer), *bytes};
}

Result<Tensor> slice_of(const tn_tensor& view, size_t axis, int64_t index) {
  std::vector<int64_t> shape(view.shape, view.shape + view.rank);
  const int64_t length = shape[axis];
  shape.erase(shape.begin() + static_cast<ptrdiff_t>(axis));
  TENON_ASSIGN_OR_RETURN(const AxisLayout layout, axis_layout(view.dtype, shape, axis));
  const auto dtype = static_cast<tn_dtype>(view.dtype);
  const auto* data = static_cast<const std::byte*>(view.data);
  const uint64_t bytes = layout.inner_bytes;
  if (layout.outer <= 1) {
    const uint64_t held = layout.outer == 0 ? 0 : bytes;
    const std::byte* begin = data == nullptr ? nullptr : data + (held == 0 ? 0 : static_cast<uint64_t>(index) * bytes);
    return Tensor(dtype, std::move(shape), begin, held, nullptr, Residence::kBorrowed);
  }
  TENON_ASSIGN_OR_RETURN(Tensor slice, Tensor::allocate(dtype, std::move(shape), Residence::kRuntime));
  for (int64_t o = 0; o < layout.outer; ++o) {
    const uint64_t from = static_cast<uint64_t>(o * length + index) * bytes;
    if (dtype != TN_STRING) {
      if (bytes > 0)
        std::memcpy(static_cast<std::byte*>(slice.mutable_data()) + static_cast<uint64_t>(o) * bytes, data + from,
                    bytes);
      continue;
    }
    const auto* strings = reinterpret_cast<const tn_str*>(data + from);
    const auto count = static_cast<int64_t>(bytes / sizeof(tn_str));
    for (int64_t i = 0; i < count; ++i) slice.set_string(o * count + i, {strings[i].data, strings[i].size});
  }
  return slice;
}

void copy_slices(const SliceCopy& copy, size_t axis, const AxisLayout& layout) {
  const uint64_t bytes = static_cast<uint64_t>(copy.count) * layout.inner_bytes;
  if (bytes == 0) return;
  const int64_t from_length = copy.from.shape[axis], to_length = copy.to.shape()[axis];
  for (int64_t o = 0; o < layout.outer; ++o) {
    const uint64_t from = static_cast<uint64_t>(o * from_length + copy.begin) * layout.inner_bytes;
    const uint64_t to = static_cast<uint64_t>(o * to_length + copy.at) * layout.inner_bytes;
    if (copy.to.dtype() != TN_STRING) {
      std::memcpy(static_cast<std::byte*>(copy.to.mutable_data()) + to,
                  static_cast<const std::byte*>(copy.from.data) + from, bytes);
      continue;
    }
    const auto* strings = reinterpret_cast<const tn_str*>(static_cast<const std::byte*>(copy.from.data) + from);
    for (uint64_t i = 0; i < bytes / sizeof(tn_str); ++i)
      copy.to.set_string(static_cast<int64_t>(to / sizeof(tn_str) + i), {strings[i].data, strings[i].size});
  }
}

Result<size_t> resolve_axis(int64_t axis, size_t rank) {
  const auto r = static_cast<int64_t>(rank);
  if (axis < -r || axis >= r)
    return error(TN_INVALID_ARGUMENT, "axis ", axis, " is outside of a tensor of rank ", rank, ", expected ", -r,
                 " to ", r - 1);
  return static_cast<size_t>(axis < 0 ? axis + r : axis);
}

}  // namespace tenon::host
