// Copies of tensors, whole and in slices. thread: any
#pragma once

#include <span>

#include "host/graph/tensor.h"

namespace tenon::host {

/// A tensor of its own memory with the elements of `view`.
Result<Tensor> copy_of(const tn_tensor& view);

/// What a dimension divides a tensor into: `outer` blocks, each of which holds `inner_bytes` for every index of it.
struct AxisLayout {
  int64_t outer = 1;
  uint64_t inner_bytes = 0;
};
/// `shape`: without the dimension, which stands before shape[axis]. TN_UNSUPPORTED when a block is no whole number of
/// bytes.
Result<AxisLayout> axis_layout(uint32_t dtype, std::span<const int64_t> shape, size_t axis);

/// The slice of `view` at `index` of the dimension `axis`, without that dimension: a view without an owner where its
/// elements lie together, else a copy.
Result<Tensor> slice_of(const tn_tensor& view, size_t axis, int64_t index);

/// Copies `count` slices of dimension `axis` of `from`, from index `begin` on, to `to` from index `at` on. `layout`: of
/// the shape of both without that dimension.
struct SliceCopy {
  const tn_tensor& from;
  int64_t begin, count;
  Tensor& to;
  int64_t at;
};
void copy_slices(const SliceCopy& copy, size_t axis, const AxisLayout& layout);

/// The axis as a number from 0; TN_INVALID_ARGUMENT when it is not in [-rank, rank).
Result<size_t> resolve_axis(int64_t axis, size_t rank);

}  // namespace tenon::host
