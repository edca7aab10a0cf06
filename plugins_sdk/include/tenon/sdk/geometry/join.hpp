// The shapes of what Concat joins and Gather and GatherND pick. Host rules and providers read it here, so that they
// cannot disagree. Pure functions; sizes may be hostile.
#pragma once

#include <tenon/sdk/geometry/axes.hpp>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

/// Concat along `axis`, an index: `shape` grows by `next`, input `i`. Sizes of -1 are not known.
inline Status join_shape(Shape* shape, ShapeView next, size_t axis, size_t i) {
  bool fits = next.size() == shape->size();
  for (size_t d = 0; fits && d < next.size(); ++d) {
    int64_t& size = (*shape)[d];
    if (d == axis) {
      if (size < 0 || next[d] < 0) {
        size = -1;
      } else if (__builtin_add_overflow(size, next[d], &size)) {
        return invalid_model("the inputs have more elements along axis ", axis, " than 64 bits count");
      }
    } else {
      fits = size < 0 || next[d] < 0 || size == next[d];
      if (size < 0) size = next[d];
    }
  }
  if (fits) return {};
  return invalid_model("input ", i, " is ", shape_text(next), ", expected ", shape_text(*shape),
                       " as the inputs before it: only axis ", axis, " may differ");
}

/// Gather: the data's dimensions with those of the indices in the place of `axis`, whatever a dimension is.
template <typename Dims>
Result<Dims> gathered_shape(const Dims& data, const Dims& indices, int64_t axis) {
  TN_ASSIGN_OR_RETURN(const size_t at, axis_index(axis, data.size()));
  const auto picked = data.begin() + static_cast<std::ptrdiff_t>(at);
  Dims shape(data.begin(), picked);
  shape.insert(shape.end(), indices.begin(), indices.end());
  shape.insert(shape.end(), picked + 1, data.end());
  return shape;
}

/// How many axes of the data a tuple of `depth` indices and the batch before it pick: GatherND and ScatterND, whose
/// indices have rank `indices_rank`.
inline Result<size_t> picked_axes(size_t data_rank, size_t indices_rank, int64_t depth, int64_t batch_dims) {
  const auto rank = static_cast<int64_t>(data_rank);
  if (batch_dims < 0 || batch_dims >= static_cast<int64_t>(indices_rank) || batch_dims > rank || depth < 0 ||
      depth > rank - batch_dims)
    return invalid_model("the indices have rank ", indices_rank, " and tuples of ", depth, ", and batch_dims is ",
                         batch_dims, ", expected batch_dims from 0 to less than the rank of the indices, and tuples ",
                         "of at most the data's rank ", data_rank, " less batch_dims");
  return static_cast<size_t>(batch_dims + depth);
}

/// GatherND: the dimensions of the indices but for the tuples', then those of the data that are not picked.
template <typename Dims>
Result<Dims> gathered_tuples_shape(const Dims& data, const Dims& indices, int64_t depth, int64_t batch_dims) {
  TN_ASSIGN_OR_RETURN(const size_t picked, picked_axes(data.size(), indices.size(), depth, batch_dims));
  Dims shape(indices.begin(), indices.end() - 1);
  shape.insert(shape.end(), data.begin() + static_cast<std::ptrdiff_t>(picked), data.end());
  return shape;
}

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk
