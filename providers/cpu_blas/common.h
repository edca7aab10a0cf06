// Small helpers that most kernels of cpu_blas share: messages, axes, copies, integer inputs.
#pragma once

#include <cstring>
#include <tenon/sdk/geometry/axes.hpp>
#include <tenon/sdk/kernel.hpp>

namespace tenon::cpu_blas {

/// Of the operators on tensors with their channels last.
inline constexpr std::string_view kChannelsLastDomain = "com.ms.internal.nhwc";

/// "node 'conv1' (Conv, opset 11)", the start of every message about a node.
inline std::string describe(const sdk::NodeView& node) {
  return sdk::concat("node '", node.name(), "' (", node.op_type(), ", opset ", node.since_version(), ")");
}

/// a / b, rounded up; neither is negative.
inline int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

/// The least multiple of b that is not below a.
inline int64_t round_up(int64_t a, int64_t b) {
  return ceil_div(a, b) * b;
}

/// The product of shape[begin, end).
inline int64_t extent(sdk::ShapeView shape, int64_t begin, int64_t end) {
  int64_t product = 1;
  for (int64_t i = begin; i < end; ++i) product *= shape[static_cast<size_t>(i)];
  return product;
}

/// An axis counted from the front.
inline sdk::Result<int64_t> normalize_axis(int64_t axis, int64_t rank) {
  TN_ASSIGN_OR_RETURN(const size_t index, sdk::axis_index(axis, static_cast<size_t>(rank)));
  return static_cast<int64_t>(index);
}

/// Bytes of one element of a type of whole bytes.
inline size_t element_size(uint32_t dtype) {
  return static_cast<size_t>(sdk::bits_per_element(dtype)) / 8;
}

/// Copies all of `from` unless `to` is the same memory. Both have the same byte count.
inline void copy_all(const sdk::TensorView& from, const sdk::MutableTensorView& to) {
  const size_t bytes = static_cast<size_t>(to.count()) * element_size(to.dtype());
  if (bytes != 0 && from.raw() != to.raw()) std::memmove(to.raw(), from.raw(), bytes);
}

/// Output 0 with the elements of `from` under another shape of the same element count.
inline sdk::Status copy_as(sdk::RunContext& run, const sdk::TensorView& from, sdk::ShapeView shape) {
  TN_ASSIGN_OR_RETURN(sdk::MutableTensorView to, run.output(0, from.dtype(), shape));
  copy_all(from, to);
  return {};
}

/// The elements of an int32 or int64 tensor.
inline sdk::Result<std::vector<int64_t>> read_integers(const std::string& node, const sdk::TensorView& t) {
  if (t.dtype() == TN_INT64) return std::vector<int64_t>(t.data<int64_t>(), t.data<int64_t>() + t.count());
  if (t.dtype() == TN_INT32) return std::vector<int64_t>(t.data<int32_t>(), t.data<int32_t>() + t.count());
  return sdk::invalid_model(node, ": an index input is of type ", sdk::dtype_name(t.dtype()),
                            ", expected int32 or int64");
}

}  // namespace tenon::cpu_blas
