// Pad, Tile and Expand: the sizes that come of them. Host rules and providers read it here, so that they cannot
// disagree. Pure functions; sizes may be hostile, and -1 where they are not known.
#pragma once

#include <tenon/sdk/geometry/axes.hpp>
#include <tenon/sdk/geometry/broadcast.hpp>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

/// What Pad adds in front of an axis and behind it; below 0 it takes away.
struct AxisPad {
  int64_t begin = 0, end = 0;

  bool keeps_size() const {
    int64_t grow;
    return !__builtin_add_overflow(begin, end, &grow) && grow == 0;
  }
};

/// Of every axis. `pads`: the begins of `axes`, then their ends; `axes` null: all in order.
inline Result<std::vector<AxisPad>> pads_by_axis(ShapeView pads, const Shape* axes, size_t rank) {
  const size_t count = axes == nullptr ? rank : axes->size();
  if (pads.size() != 2 * count)
    return invalid_model("'pads' has ", pads.size(), " numbers, expected ", 2 * count,
                         ": a begin and an end for each of ", count, " axes");
  std::vector<size_t> indices;
  if (axes != nullptr) {
    TN_ASSIGN_OR_RETURN(indices, distinct_axes(*axes, rank));
  } else {
    for (size_t i = 0; i < rank; ++i) indices.push_back(i);
  }
  std::vector<AxisPad> by_axis(rank);
  for (size_t i = 0; i < count; ++i) by_axis[indices[i]] = {pads[i], pads[count + i]};
  return by_axis;
}

/// An axis of `size` with its pads.
inline Result<int64_t> padded_size(int64_t size, AxisPad pad) {
  if (size < 0 || pad.keeps_size()) return size;
  int64_t padded;
  if (__builtin_add_overflow(pad.begin, pad.end, &padded) || __builtin_add_overflow(size, padded, &padded) ||
      padded < 0)
    return invalid_model("an axis of size ", size, " cannot take pads of ", pad.begin, " and ", pad.end,
                         ": nothing would be left, or more than 64 bits count");
  return padded;
}

/// Tile.
inline Result<Shape> tiled_shape(ShapeView shape, ShapeView repeats) {
  if (repeats.size() != shape.size())
    return invalid_model("'repeats' has ", repeats.size(), " numbers, expected ", shape.size(),
                         ", one for each dimension");
  Shape tiled(shape.begin(), shape.end());
  for (size_t i = 0; i < tiled.size(); ++i) {
    if (repeats[i] < 0) return invalid_model("'repeats' has ", repeats[i], ", expected 0 or more");
    if (repeats[i] == 1) continue;
    if (tiled[i] >= 0 && __builtin_mul_overflow(tiled[i], repeats[i], &tiled[i]))
      return invalid_model("axis ", i, " of ", shape_text(shape), " repeated ", repeats[i],
                           " times is more than 64 bits count");
  }
  return tiled;
}

/// Expand: the input's shape broadcast with the one that is asked for.
inline Result<Shape> expanded_shape(ShapeView shape, ShapeView asked) {
  for (const int64_t d : asked)
    if (d < 0) return invalid_model("the new shape has ", d, ", expected 0 or more");
  return broadcast_shape(shape, asked);
}

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk
