// Unfolds images into the columns that a convolution's matrix product reads. Thread-safe.
#pragma once

#include "conv/window.h"

namespace tenon::cpu_blas {

/// Row r of the column matrix is kernel position (c, kh, kw), r = (c * KH + kh) * KW + kw, and its column p is output
/// pixel p = oh * OW + ow. Writes rows [row_begin, row_end) and pixels [pixel_begin, pixel_end) to `columns`, whose row
/// `row_begin` starts at it and whose rows are `stride` floats apart. `image` is C x H x W; padding reads as 0.
void im2col(const Window2d& window, const float* image, int64_t row_begin, int64_t row_end, int64_t pixel_begin,
            int64_t pixel_end, float* columns, int64_t stride);

}  // namespace tenon::cpu_blas
