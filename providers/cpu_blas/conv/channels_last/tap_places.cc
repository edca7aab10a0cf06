#include "conv/channels_last/tap_places.h"

#include <algorithm>

namespace tenon::cpu_blas {

TapPlaces TapPlaces::of(const WindowAxis& axis) {
  const int64_t s = axis.stride;
  TapPlaces places;
  for (int64_t tap = 0; tap < axis.kernel; ++tap) {
    const int64_t at = tap * axis.dilation - axis.pad_begin;  // of the output that it brings input 0 to
    const int64_t phase = (at % s + s) % s;
    if (phase < axis.in) places.taps.push_back({phase, tap, (phase - at) / s});
  }
  std::stable_sort(places.taps.begin(), places.taps.end(),
                   [](const Tap& a, const Tap& b) { return a.phase < b.phase; });
  size_t first = 0;
  for (int64_t phase = 0; phase < std::min(s, axis.in); ++phase) {
    size_t end = first;
    while (end < places.taps.size() && places.taps[end].phase == phase) ++end;
    const int64_t count = (axis.in - phase + s - 1) / s;
    // Offsets fall from tap to tap: as q grows, the first ones leave the image and others come into it.
    const auto offset = [&](size_t i) { return places.taps[i].offset; };
    for (int64_t q = 0, next = 0, last_tap = static_cast<int64_t>(first); q < count; q = next) {
      auto last = static_cast<size_t>(last_tap);
      while (first < end && offset(first) >= axis.out - q) ++first;
      while (last < end && offset(last) >= -q) ++last;
      last = std::max(first, last);
      next = count;
      if (first < last) next = std::min(next, axis.out - offset(first));
      if (last < end) next = std::min(next, -offset(last));
      places.runs.push_back({phase, q, next, first, last});
      last_tap = static_cast<int64_t>(last);
    }
    first = end;
  }
  return places;
}

}  // namespace tenon::cpu_blas
