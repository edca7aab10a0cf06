// Unfolds images into the panels that a convolution's product reads: one row per input channel and kernel position,
// one column per output pixel. Thread-safe.
#pragma once

#include "conv/window.h"
#include "simd/panel_gemm.h"

namespace tenon::cpu_blas {

/// How many segments plan_unfold() writes at most for a panel of `width` pixels.
size_t unfold_segments(const Window2d& window, int64_t width);

/// Writes the copies that unfold the output pixels [begin, end) of one channel into a panel of `width` columns: row
/// kh * KW + kw holds what kernel position (kh, kw) reads, padding and the columns past `end` as 0. The same for every
/// channel. Returns how many segments there are.
int64_t plan_unfold(const Window2d& window, int64_t begin, int64_t end, int64_t width, simd::Segment* segments);

}  // namespace tenon::cpu_blas
