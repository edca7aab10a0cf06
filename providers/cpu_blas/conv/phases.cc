#include "conv/phases.h"

#include <algorithm>
#include <numeric>

namespace tenon::cpu_blas {

std::vector<TapClass> tap_classes(const WindowAxis& axis) {
  const int64_t step = axis.stride / std::gcd(axis.stride, axis.dilation);
  std::vector<TapClass> classes;
  for (int64_t first = 0; first < std::min(step, axis.kernel); ++first)
    classes.push_back({first, step, (axis.kernel - 1 - first) / step + 1});
  return classes;
}

std::vector<AxisPhase> phases_of(const WindowAxis& axis) {
  const std::vector<TapClass> classes = tap_classes(axis);
  const int64_t s = axis.stride;
  std::vector<AxisPhase> phases;
  // Output r + q s meets input q + (r + pad - k dilation) / s at each tap k for which that is whole.
  for (int64_t r = 0; r < std::min(s, axis.in); ++r) {
    const auto reaches = [&](const TapClass& taps) {
      return (r + axis.pad_begin - taps.first * axis.dilation) % s == 0;
    };
    const auto found = std::find_if(classes.begin(), classes.end(), reaches);
    AxisPhase phase;
    phase.first = r;
    phase.window.in = axis.out;
    phase.window.out = (axis.in - r + s - 1) / s;
    phase.window.kernel = 0;
    if (found != classes.end()) {
      phase.taps_of = static_cast<size_t>(found - classes.begin());
      phase.window.kernel = found->count;
      phase.window.dilation = axis.dilation * found->step / s;
      const int64_t last = found->first + (found->count - 1) * found->step;
      WindowAxis& window = phase.window;
      window.pad_begin = (last * axis.dilation - r - axis.pad_begin) / s;
      window.pad_end = window.out + window.extent() - 1 - window.in - window.pad_begin;
    }
    phases.push_back(phase);
  }
  return phases;
}

std::vector<Phase> phases_of(const Window2d& axes) {
  std::vector<Phase> phases;
  const std::vector<AxisPhase> columns = phases_of(axes.w);
  for (const AxisPhase& h : phases_of(axes.h))
    for (const AxisPhase& w : columns) phases.push_back({h, w});
  return phases;
}

}  // namespace tenon::cpu_blas
