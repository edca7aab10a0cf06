// Unfolding of images; see im2col.h.
#include "conv/im2col.h"

#include <algorithm>

#include "simd/rows.h"

namespace tenon::cpu_blas {
namespace {

/// Output columns [begin, end) of one output row, `source` being the input row that kernel row falls on.
void unfold_row(const WindowAxis& w, int64_t kw, const float* source, int64_t begin, int64_t end, float* out) {
  const WindowAxis::Range inside = w.inside(kw);
  const int64_t first = std::min(std::max(inside.begin, begin), end);
  const int64_t last = std::max(std::min(inside.end, end), first);
  std::fill(out, out + (first - begin), 0.0f);
  if (first < last) simd::copy_strided(source + w.input_of(first, kw), w.stride, out + (first - begin), last - first);
  std::fill(out + (last - begin), out + (end - begin), 0.0f);
}

}  // namespace

void im2col(const Window2d& window, const float* image, int64_t row_begin, int64_t row_end, int64_t pixel_begin,
            int64_t pixel_end, float* columns, int64_t stride) {
  const int64_t taps = window.h.kernel * window.w.kernel;
  for (int64_t r = row_begin; r < row_end; ++r) {
    const float* plane = image + r / taps * window.h.in * window.w.in;
    const int64_t kh = r % taps / window.w.kernel;
    const int64_t kw = r % window.w.kernel;
    float* out = columns + (r - row_begin) * stride;
    for (int64_t p = pixel_begin; p < pixel_end;) {
      const int64_t oh = p / window.w.out;
      const int64_t begin = p % window.w.out;
      const int64_t end = std::min(window.w.out, begin + pixel_end - p);
      const int64_t ih = window.h.input_of(oh, kh);
      if (ih < 0 || ih >= window.h.in) {
        std::fill(out, out + (end - begin), 0.0f);
      } else {
        unfold_row(window.w, kw, plane + ih * window.w.in, begin, end, out);
      }
      out += end - begin;
      p += end - begin;
    }
  }
}

}  // namespace tenon::cpu_blas
