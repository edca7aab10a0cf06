// A transposed convolution as ordinary ones: the outputs whose place has one remainder by the stride, a phase, are a
// convolution of stride 1 by those taps of the kernel that reach them, so that nothing is multiplied by zero and
// nothing is scattered. Pure functions.
#pragma once

#include "conv/window.h"

namespace tenon::cpu_blas {

/// Taps of an axis that reach the same outputs: first, first + step ..., as many as the kernel has.
struct TapClass {
  int64_t first = 0, step = 1, count = 0;
};
/// All of them, by their first. They depend on kernel, stride and dilation alone.
std::vector<TapClass> tap_classes(const WindowAxis& axis);

/// One phase of an axis: outputs first, first + stride ... and the convolution that they are, whose taps are those of
/// the class, backwards.
struct AxisPhase {
  int64_t first = 0;
  WindowAxis window;   // kernel 0: no tap reaches them; padding may be negative
  size_t taps_of = 0;  // of tap_classes()
};

/// `axis` as sdk::TransposedAttributes gives it: `in` is the output. Phases without outputs are left out.
std::vector<AxisPhase> phases_of(const WindowAxis& axis);

struct Phase {
  AxisPhase h, w;
  int64_t taps() const { return h.window.kernel * w.window.kernel; }
  int64_t pixels() const { return h.window.out * w.window.out; }
};
std::vector<Phase> phases_of(const Window2d& axes);

}  // namespace tenon::cpu_blas
