// The shapes of what Concat joins and Gather picks. Host rules and providers read it here, so that they cannot
// disagree. Pure functions; sizes may be hostile.
#pragma once

#include <tenon/sdk/geometry/axes.hpp>

namespace tenon::sdk {

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

}  // namespace tenon::sdk
