// Tiles of elements of 1, 2 or 4 bytes turned over, compiled for several instruction sets and chosen at run time.
// Arrays need no alignment and must not overlap. Thread-safe.
#pragma once

#include <cstdint>

namespace tenon::cpu_blas::simd {

/// A tile: y[r * y_row + c] = x[r + c * x_column], r < rows, c < columns; all in elements.
template <typename T>
struct Tile {
  const T* x;
  int64_t x_column;
  T* y;
  int64_t y_row;
  int64_t rows, columns;
};

void transpose_tile(const Tile<uint8_t>& tile);
void transpose_tile(const Tile<uint16_t>& tile);
void transpose_tile(const Tile<uint32_t>& tile);

}  // namespace tenon::cpu_blas::simd
