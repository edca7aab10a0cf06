// Axes: counted from the front, told apart, dropped, inserted, permuted. Host rules and providers read it here, so that
// they cannot disagree. Pure functions; numbers may be hostile.
#pragma once

#include <tenon/sdk/span.hpp>
#include <tenon/sdk/status.hpp>
#include <tenon/sdk/tensor.hpp>
#include <utility>
#include <vector>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

/// An axis of [-rank, rank), counted from the front.
inline Result<size_t> axis_index(int64_t axis, size_t rank) {
  const auto count = static_cast<int64_t>(rank);
  if (axis < -count || axis >= count)
    return invalid_model("axis is ", axis, ", expected ", -count, " to ", count - 1, " for rank ", rank);
  return static_cast<size_t>(axis < 0 ? axis + count : axis);
}

/// The same where an axis may be the rank, as it splits the dimensions in those before and those from it on.
inline Result<size_t> split_index(int64_t axis, size_t rank) {
  const auto count = static_cast<int64_t>(rank);
  if (axis < -count || axis > count)
    return invalid_model("axis is ", axis, ", expected ", -count, " to ", count, " for rank ", rank);
  return static_cast<size_t>(axis < 0 ? axis + count : axis);
}

/// Flatten: which dimension is the first of its columns. Before opset 11 axes do not count from the end.
inline Result<size_t> flatten_index(int64_t axis, size_t rank, int version) {
  if (version < 11 && axis < 0)
    return invalid_model("axis is ", axis, ", expected 0 to ", rank, ": before opset 11 it counts from the front");
  return split_index(axis, rank);
}

/// Several, in the order given, none twice.
inline Result<std::vector<size_t>> distinct_axes(ShapeView axes, size_t rank) {
  std::vector<size_t> indices;
  std::vector<bool> seen(rank, false);
  for (const int64_t axis : axes) {
    TN_ASSIGN_OR_RETURN(const size_t index, axis_index(axis, rank));
    if (seen[index]) return invalid_model("axis ", index, " is given twice: name every axis once");
    seen[index] = true;
    indices.push_back(index);
  }
  return indices;
}

/// Transpose: which axis of the input each axis of the result is. `perm` null: all in reverse. Unlike other axes, those
/// of a permutation do not count from the end.
inline Result<std::vector<size_t>> permuted_axes(const Shape* perm, size_t rank) {
  std::vector<size_t> from;
  if (perm == nullptr) {
    for (size_t i = rank; i-- > 0;) from.push_back(i);
    return from;
  }
  std::vector<bool> seen(rank, false);
  for (const int64_t axis : *perm) {
    if (perm->size() != rank || axis < 0 || axis >= static_cast<int64_t>(rank) || seen[static_cast<size_t>(axis)])
      break;
    seen[static_cast<size_t>(axis)] = true;
    from.push_back(static_cast<size_t>(axis));
  }
  if (from.size() != rank || perm->size() != rank)
    return invalid_model("attribute 'perm' has ", perm->size(), " numbers, expected each of the ", rank,
                         " axes of the input once, counted from the front");
  return from;
}

/// Squeeze: which axes go. `axes` null: all of size 1. Where axes are given, sizes may be unknown, -1.
inline Result<std::vector<bool>> dropped_axes(ShapeView shape, const Shape* axes) {
  std::vector<bool> dropped(shape.size(), false);
  if (axes == nullptr) {
    for (size_t i = 0; i < shape.size(); ++i) dropped[i] = shape[i] == 1;
    return dropped;
  }
  TN_ASSIGN_OR_RETURN(const std::vector<size_t> indices, distinct_axes(*axes, shape.size()));
  for (const size_t i : indices) {
    if (shape[i] >= 0 && shape[i] != 1)
      return invalid_model("axis ", i, " of the input ", shape_text(shape), " is ", shape[i],
                           ", expected 1: only dimensions of 1 can be removed");
    dropped[i] = true;
  }
  return dropped;
}

/// Unsqueeze: which axes of the result are new ones of size 1.
inline Result<std::vector<bool>> inserted_axes(ShapeView axes, size_t rank) {
  std::vector<bool> inserted(rank + axes.size(), false);
  TN_ASSIGN_OR_RETURN(const std::vector<size_t> indices, distinct_axes(axes, inserted.size()));
  for (const size_t i : indices) inserted[i] = true;
  return inserted;
}

/// Shape: the dimensions [first, second) that it lists. Bounds below 0 count from the end; both are clamped to the
/// rank.
inline std::pair<size_t, size_t> listed_dimensions(int64_t start, int64_t end, size_t rank) {
  const auto count = static_cast<int64_t>(rank);
  const auto clamp = [&](int64_t bound) {
    const int64_t from_front = bound < 0 ? bound + count : bound;
    return static_cast<size_t>(from_front < 0 ? 0 : from_front > count ? count : from_front);
  };
  const size_t first = clamp(start), last = clamp(end);
  return {first, last < first ? first : last};
}

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk
