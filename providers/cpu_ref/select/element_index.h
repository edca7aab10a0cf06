// The index arithmetic that GatherElements and ScatterElements share.
#pragma once

#include <tenon/sdk/geometry/join.hpp>

#include "shape_math.h"

namespace tenon::cpu_ref {

/// Where each element of `indices` points to in data: the element's own position, but indices' value along `axis`.
/// Both have the same rank, and indices reaches no further than the data along the other axes.
inline sdk::Result<sdk::Shape> element_positions(const sdk::TensorView& data, const sdk::TensorView& indices,
                                                 int64_t given_axis) {
  if (indices.rank() != data.rank())
    return sdk::invalid_argument("input indices has rank ", indices.rank(), ", expected ", data.rank(),
                                 ", the rank of the data");
  TN_ASSIGN_OR_RETURN(const int64_t axis, normalize_axis(given_axis, data.rank()));
  for (int64_t a = 0; a < data.rank(); ++a)
    if (a != axis && indices.dim(a) > data.dim(a) && indices.count() > 0)
      return sdk::invalid_argument("input indices has size ", indices.dim(a), " along axis ", a,
                                   ", expected at most that of the data, ", data.dim(a));
  const sdk::Shape strides = row_major_strides(data.shape());
  sdk::Shape positions, index(indices.shape().size(), 0);
  positions.reserve(size_t(indices.count()));
  int64_t without_axis = 0;  // the position of the element's own index, but 0 along the axis
  for (int64_t i = 0; i < indices.count(); ++i) {
    TN_ASSIGN_OR_RETURN(const int64_t along_axis, normalize_index(index_at(indices, i), data.dim(axis), axis));
    positions.push_back(without_axis + along_axis * strides[size_t(axis)]);
    for (int64_t a = data.rank(); a-- > 0;) {
      const int64_t stride = a == axis ? 0 : strides[size_t(a)];
      without_axis += stride;
      if (++index[size_t(a)] < indices.dim(a)) break;
      without_axis -= stride * indices.dim(a);
      index[size_t(a)] = 0;
    }
  }
  return positions;
}

/// Where each index tuple of `indices` (... x depth) points to: the first element of a slice of data of the axes after
/// `batch` + depth. The first `batch` axes of indices and data go together.
inline sdk::Result<sdk::Shape> tuple_positions(const sdk::TensorView& data, const sdk::TensorView& indices,
                                               int64_t batch) {
  const int64_t depth = indices.rank() > 0 ? indices.dim(indices.rank() - 1) : 0;
  TN_RETURN_IF_ERROR(sdk::picked_axes(data.shape().size(), indices.shape().size(), depth, batch).take_status());
  const sdk::Shape strides = row_major_strides(data.shape());
  TN_ASSIGN_OR_RETURN(const int64_t tuples, product(indices.shape(), 0, size_t(indices.rank() - 1)));
  int64_t batches = 1;
  for (int64_t a = 0; a < batch; ++a) {
    if (indices.dim(a) != data.dim(a))
      return sdk::invalid_argument("input indices has size ", indices.dim(a), " along batch axis ", a, ", expected ",
                                   data.dim(a), " as the data");
    batches = tuples == 0 ? 0 : batches * data.dim(a);
  }
  sdk::Shape positions;
  for (int64_t t = 0; t < tuples; ++t) {
    int64_t position = batch > 0 ? t / (tuples / batches) * strides[size_t(batch - 1)] : 0;
    for (int64_t d = 0; d < depth; ++d) {
      const int64_t axis = batch + d;
      TN_ASSIGN_OR_RETURN(const int64_t i, normalize_index(index_at(indices, t * depth + d), data.dim(axis), axis));
      position += i * strides[size_t(axis)];
    }
    positions.push_back(position);
  }
  return positions;
}

}  // namespace tenon::cpu_ref
