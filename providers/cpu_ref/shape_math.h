// Arithmetic on shapes that may come from an untrusted model: axes, strides, and products that report overflow.
#pragma once

#include <string_view>
#include <tenon/sdk/geometry/axes.hpp>
#include <tenon/sdk/run.hpp>
#include <tenon/sdk/tensor.hpp>

namespace tenon::cpu_ref {

/// a * b of two non-negative sizes; TN_INVALID_ARGUMENT when the product does not fit.
inline sdk::Result<int64_t> multiply(int64_t a, int64_t b) {
  int64_t product;
  if (__builtin_mul_overflow(a, b, &product))
    return sdk::invalid_argument("the size ", a, " x ", b, " is too large, expected one of 64 bits");
  return product;
}

inline sdk::Result<int64_t> add(int64_t a, int64_t b) {
  int64_t sum;
  if (__builtin_add_overflow(a, b, &sum))
    return sdk::invalid_argument("the size ", a, " + ", b, " is too large, expected one of 64 bits");
  return sum;
}

/// Scratch memory of `each` doubles for every worker, one room behind the other.
inline sdk::Result<double*> worker_rooms(sdk::RunContext& run, int64_t each) {
  TN_ASSIGN_OR_RETURN(const int64_t count, multiply(run.max_workers(), each));
  TN_RETURN_IF_ERROR(multiply(count, sizeof(double)).take_status());
  return run.scratch<double>(static_cast<size_t>(count));
}

/// The number of elements of dims [begin, end).
inline sdk::Result<int64_t> product(sdk::ShapeView shape, size_t begin, size_t end) {
  int64_t count = 1;
  for (size_t i = begin; i < end; ++i)
    if (shape[i] == 0) return int64_t(0);
  for (size_t i = begin; i < end; ++i) {
    TN_ASSIGN_OR_RETURN(count, multiply(count, shape[i]));
  }
  return count;
}

/// Elements between neighbours along each axis. All zero for a shape without elements, where no stride is ever used.
inline sdk::Shape row_major_strides(sdk::ShapeView shape) {
  sdk::Shape strides(shape.size(), 0);
  for (int64_t d : shape)
    if (d == 0) return strides;
  int64_t stride = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

inline sdk::Shape to_shape(sdk::ShapeView shape) {
  return sdk::Shape(shape.begin(), shape.end());
}

/// `axis` counted from the front; negative ones count from the end of `rank` axes.
inline sdk::Result<int64_t> normalize_axis(int64_t axis, int64_t rank) {
  TN_ASSIGN_OR_RETURN(const size_t index, sdk::axis_index(axis, static_cast<size_t>(rank)));
  return static_cast<int64_t>(index);
}

/// Every axis counted from the front, each at most once, in the order given.
inline sdk::Result<sdk::Shape> normalize_axes(sdk::ShapeView axes, int64_t rank) {
  TN_ASSIGN_OR_RETURN(const std::vector<size_t> indices, sdk::distinct_axes(axes, static_cast<size_t>(rank)));
  return sdk::Shape(indices.begin(), indices.end());
}

/// TN_INVALID_ARGUMENT unless the tensor has that shape; `meaning` says in words what it is.
inline sdk::Status check_shape(const sdk::TensorView& t, std::string_view name, const sdk::Shape& expected,
                               std::string_view meaning = {}) {
  if (to_shape(t.shape()) == expected) return {};
  return sdk::invalid_argument("input ", name, " has shape ", sdk::shape_text(t.shape()), ", expected ",
                               sdk::shape_text(expected), meaning.empty() ? "" : ": ", meaning);
}

/// The same of an input that may be left out.
inline sdk::Status check_shape(const sdk::RunContext& run, uint32_t input, std::string_view name,
                               const sdk::Shape& expected, std::string_view meaning = {}) {
  return run.has_input(input) ? check_shape(run.input(input), name, expected, meaning) : sdk::Status();
}

/// An index into `size` elements along `axis`, counted from the front; negative ones count from the end.
inline sdk::Result<int64_t> normalize_index(int64_t index, int64_t size, int64_t axis) {
  if (index < -size || index >= size)
    return sdk::invalid_argument("index ", index, " is out of range for axis ", axis, " of size ", size, ": expected ",
                                 -size, " to ", size - 1);
  return index < 0 ? index + size : index;
}

/// Element i of an int32 or int64 tensor.
inline int64_t index_at(const sdk::TensorView& t, int64_t i) {
  return t.dtype() == TN_INT32 ? int64_t(t.data<int32_t>()[i]) : t.data<int64_t>()[i];
}

/// The values of an int32 or int64 tensor of rank 0 or 1; `name` is the input's, for the message.
inline sdk::Result<sdk::Shape> read_ints(const sdk::TensorView& t, std::string_view name) {
  if (t.rank() > 1)
    return sdk::invalid_argument("input ", name, " has shape ", sdk::shape_text(t.shape()), ", expected a 1-D tensor");
  if (t.dtype() != TN_INT32 && t.dtype() != TN_INT64)
    return sdk::invalid_argument("input ", name, " has type ", sdk::dtype_name(t.dtype()), ", expected int32 or int64");
  sdk::Shape values;
  for (int64_t i = 0; i < t.count(); ++i) values.push_back(index_at(t, i));
  return values;
}

}  // namespace tenon::cpu_ref
