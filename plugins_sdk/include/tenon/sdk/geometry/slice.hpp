// What Slice takes along one axis. Host rule and providers read it here, so that they cannot disagree. Pure functions.
#pragma once

#include <algorithm>
#include <cstdint>
#include <tenon/sdk/version.hpp>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

/// Elements start, start + step ... of an axis, `count` of them. With one element or none, `step` is 0: it is never
/// taken, and its products cannot overflow.
struct SliceAxis {
  int64_t start = 0;
  int64_t count = 0;
  int64_t step = 0;
};

/// As the text of the operator has it: negative bounds count from the end; then start is clamped to [0, size], for a
/// negative step to [0, size - 1], and end to [0, size] or [-1, size - 1]. `step` must not be 0.
inline SliceAxis slice_axis(int64_t size, int64_t start, int64_t end, int64_t step) {
  if (size == 0) return {};
  const auto clamped = [size](int64_t bound, int64_t low, int64_t high) {
    return std::min(std::max(bound < 0 ? bound + size : bound, low), high);
  };
  const int64_t high = step > 0 ? size : size - 1;
  const int64_t first = clamped(start, 0, high), last = clamped(end, step > 0 ? 0 : -1, high);
  const int64_t distance = step > 0 ? last - first : first - last;
  if (distance <= 0) return {};
  // The steps that fit before the end; division truncates, so the sign of a step that cannot be negated is no matter.
  const int64_t steps = (distance - 1) / step;
  const int64_t count = 1 + (steps < 0 ? -steps : steps);
  return {first, count, count > 1 ? step : 0};
}

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk
