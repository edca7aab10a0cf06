// Which inputs the outputs along an axis of a transposed convolution are sums of. Pure function.
#pragma once

#include <vector>

#include "conv/window.h"

namespace tenon::cpu_blas {

struct TapPlaces {
  /// Brings input q + offset to output phase + q * stride.
  struct Tap {
    int64_t phase, tap, offset;
  };
  /// Outputs phase + q * stride, q of [begin, end), which the taps [first_tap, last_tap) of `taps` reach.
  struct Run {
    int64_t phase, begin, end;
    size_t first_tap, last_tap;
  };
  std::vector<Tap> taps;  // by phase, then in their order
  std::vector<Run> runs;  // each output is in one

  /// `axis` as sdk::TransposedAttributes gives it: `in` is the output. Time and memory grow with the output and the
  /// kernel, not with their product.
  static TapPlaces of(const WindowAxis& axis);
};

}  // namespace tenon::cpu_blas
