// Reductions: which axes fold, and what shape is left. Host rules and providers read it here, so that they cannot
// disagree. Pure functions; numbers may be hostile.
#pragma once

#include <tenon/sdk/geometry/axes.hpp>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

/// Which axes a Reduce operator folds: `axes`, each named once; without any all of them, or none where `none_if_empty`
/// (noop_with_empty_axes).
inline Result<std::vector<bool>> reduced_axes(ShapeView axes, bool none_if_empty, size_t rank) {
  std::vector<bool> reduced(rank, axes.empty() && !none_if_empty);
  TN_ASSIGN_OR_RETURN(const std::vector<size_t> indices, distinct_axes(axes, rank));
  for (const size_t i : indices) reduced[i] = true;
  return reduced;
}

/// Which axis ArgMax and ArgMin fold.
inline Result<std::vector<bool>> picked_axis(int64_t axis, size_t rank) {
  const int64_t axes[] = {axis};
  return reduced_axes(axes, true, rank);
}

/// The dimensions that stay, and `one` for each that folds if `keeps_dims`, whatever a dimension is.
template <typename Dims, typename Dim>
std::vector<Dim> reduced_shape(const Dims& dims, const std::vector<bool>& reduced, bool keeps_dims, const Dim& one) {
  std::vector<Dim> shape;
  for (size_t i = 0; i < reduced.size(); ++i) {
    if (!reduced[i]) shape.push_back(dims[i]);
    if (reduced[i] && keeps_dims) shape.push_back(one);
  }
  return shape;
}

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk
