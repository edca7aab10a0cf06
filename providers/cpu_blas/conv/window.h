// The sliding window of convolutions and pools over two spatial dimensions; one is treated as two with a height of 1.
// Its geometry is the SDK's.
#pragma once

#include <tenon/sdk/geometry/window.hpp>
#include <tenon/sdk/graph.hpp>

#include "common.h"
#include "simd/rows.h"

namespace tenon::cpu_blas {

using sdk::WindowAttributes;
using sdk::WindowAxis;

struct Window2d {
  WindowAxis h, w;
};

/// Each output reads the one input at its own place.
inline bool is_pointwise(const Window2d& window) {
  const auto is_plain = [](const WindowAxis& a) {
    return a.kernel == 1 && a.stride == 1 && a.pad_begin == 0 && a.pad_end == 0;
  };
  return is_plain(window.h) && is_plain(window.w);
}

/// The window over an input with the spatial dimensions `spatial` (1 or 2), each kernel dimension in `kernel_shape`.
inline sdk::Result<Window2d> resolve_window(const WindowAttributes& attributes, sdk::ShapeView spatial,
                                            sdk::ShapeView kernel_shape) {
  if (spatial.size() != 1 && spatial.size() != 2)
    return sdk::unsupported("the input has ", spatial.size(), " spatial dimensions, expected 1 or 2: cpu_ref has more");
  const size_t rank = spatial.size();
  TN_RETURN_IF_ERROR(attributes.check_kernel(rank, kernel_shape));
  Window2d window;
  if (rank == 2) {
    TN_ASSIGN_OR_RETURN(window.h, attributes.fit(0, 2, spatial[0], kernel_shape[0]));
  }
  TN_ASSIGN_OR_RETURN(window.w, attributes.fit(rank - 1, rank, spatial[rank - 1], kernel_shape[rank - 1]));
  const WindowAxis axes[] = {window.h, window.w};
  TN_RETURN_IF_ERROR(WindowAttributes::check_products(axes));
  return window;
}

/// Calls fold(tap, rows) for each position of the window over one image, taps counted row by row.
template <typename Fold>
void for_each_tap(const Window2d& window, const float* image, float* out, Fold&& fold) {
  const WindowAxis &h = window.h, &w = window.w;
  for (int64_t kh = h.next_inside(0); kh < h.kernel; kh = h.next_inside(kh + 1)) {
    const WindowAxis::Range rows = h.inside(kh);
    for (int64_t kw = w.next_inside(0); kw < w.kernel; kw = w.next_inside(kw + 1)) {
      const WindowAxis::Range columns = w.inside(kw);
      const float* from = image + h.input_of(rows.begin, kh) * w.in + w.input_of(columns.begin, kw);
      float* to = out + rows.begin * w.out + columns.begin;
      fold(kh * w.kernel + kw, simd::WindowRows{from, h.stride * w.in, w.stride, to, w.out, rows.end - rows.begin,
                                                columns.end - columns.begin});
    }
  }
}

}  // namespace tenon::cpu_blas
