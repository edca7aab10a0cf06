// Planning of unfolding; see unfold.h.
#include "conv/unfold.h"

#include <algorithm>

namespace tenon::cpu_blas {
namespace {

/// Collects segments; one of no elements is left out.
struct Writer {
  simd::Segment* next;
  void add(int64_t source, int64_t target, int64_t count) {
    if (count > 0) *next++ = {static_cast<int32_t>(source), static_cast<int32_t>(target), static_cast<int32_t>(count)};
  }
};

}  // namespace

size_t unfold_segments(const Window2d& window, int64_t width) {
  // Each kernel position: zeros, copies and zeros of every image row that the panel touches, and the columns past it.
  return static_cast<size_t>(window.h.kernel * window.w.kernel * (3 * (width / window.w.out + 2) + 1));
}

int64_t plan_unfold(const Window2d& window, int64_t begin, int64_t end, int64_t width, simd::Segment* segments) {
  const WindowAxis &h = window.h, &w = window.w;
  Writer out{segments};
  for (int64_t tap = 0; tap < h.kernel * w.kernel; ++tap) {
    const int64_t kh = tap / w.kernel, kw = tap % w.kernel;
    const WindowAxis::Range inside = w.inside(kw);
    int64_t target = tap * width;
    for (int64_t p = begin; p < end;) {
      const int64_t oh = p / w.out, first = p % w.out;
      const int64_t last = std::min(w.out, first + end - p);
      const int64_t ih = h.input_of(oh, kh);
      const bool in_image = ih >= 0 && ih < h.in;
      const int64_t copy_begin = in_image ? std::min(std::max(inside.begin, first), last) : last;
      const int64_t copy_end = in_image ? std::max(std::min(inside.end, last), copy_begin) : last;
      out.add(-1, target, copy_begin - first);
      out.add(ih * w.in + w.input_of(copy_begin, kw), target + copy_begin - first, copy_end - copy_begin);
      out.add(-1, target + copy_end - first, last - copy_end);
      target += last - first;
      p += last - first;
    }
    out.add(-1, target, (tap + 1) * width - target);
  }
  return out.next - segments;
}

}  // namespace tenon::cpu_blas
