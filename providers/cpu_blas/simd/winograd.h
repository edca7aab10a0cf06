// The transforms of Winograd's convolution with a kernel of 3 x 3 and stride 1, F(m x m, 3 x 3), on tensors whose
// channels are last: m x m outputs of one channel are the transform of (m + 2)^2 sums over the input's channels, each
// of products of a transformed input tile and a transformed weight. Compiled for several instruction sets and chosen at
// run time. Thread-safe.
#pragma once

#include <cstdint>

namespace tenon::cpu_blas::simd {

/// m is 2 or 4. The polynomials behind F(m x m, 3 x 3) are evaluated at 0, at m / 2 points and their negatives, and at
/// infinity: the points in this order, those of m = 2 p at kWinogradPoints[p - 1]. Of F(4 x 4) the square roots of 1/2
/// and 2, which lose a third as much to rounding as 1 and 2 do. F(6 x 6) is no faster than F(4 x 4), with weights 1.8
/// times as large and ten times the error.
constexpr int kMostWinogradPairs = 2;
constexpr double kWinogradPoints[kMostWinogradPairs][kMostWinogradPairs] = {
    {1}, {0.70710678118654752440, 1.41421356237309504880}};

/// Inputs of a tile along one axis.
constexpr int winograd_width(int tile) {
  return tile + 2;
}

/// One input tile.
struct WinogradInput {
  const float* const* pixels;  // winograd_width(tile)^2, row by row, each the channels of a pixel
  int64_t channels;
  float* to;    // element e of the transformed tile at to + e * gap, its channels side by side
  int64_t gap;  // floats
};
void transform_winograd_input(int tile, const WinogradInput& input);

/// One output tile: y[i, j, c] = min(max(t[i, j, c] * scale[c] + shift[c] + residual[i, j, c], low), high), NaN staying
/// NaN, t being the transform of the sums.
struct WinogradOutput {
  const float* sums;  // element e of the tile at sums + e * gap, its channels side by side
  int64_t gap;        // floats
  int64_t channels;
  int64_t rows, columns;  // that lie in the image, at most `tile`
  const float* scale;     // null: 1
  const float* shift;     // null: 0
  const float* residual;  // null: 0; strides are those of y; may be y
  float low, high;
  float* y;
  int64_t row_stride, pixel_stride;  // floats
};
/// False where one of t is NaN, infinite or beyond 1e18: it then may have spread over the tile, and y is not to be
/// used.
bool transform_winograd_output(int tile, const WinogradOutput& output);

}  // namespace tenon::cpu_blas::simd
