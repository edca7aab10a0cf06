// Weights of 3 x 3 convolutions as Winograd's F(m x m, 3 x 3) multiplies with them. The format: for each of the (m +
// 2)^2 elements of a tile, row by row, a C x M matrix in the panels of packed_b.h. Thread-safe.
#pragma once

#include <cstdint>
#include <string>

namespace tenon::cpu_blas {

struct WinogradWeight {
  int tile = 4;  // m
  int64_t channels = 0, outputs = 0;

  int64_t width() const { return tile + 2; }
  /// Of a tile, and so of matrices.
  int64_t elements() const { return width() * width(); }
  /// Of one matrix.
  int64_t matrix_floats() const;
  int64_t floats() const { return elements() * matrix_floats(); }
  std::string key() const;
  /// `w`: M x C x 3 x 3. Computed in double and rounded once.
  void pack(const float* w, float* packed) const;
  /// Computes the weight again, up to rounding; exactly where some of a kernel's elements are not finite.
  void unpack(const float* packed, float* w) const;
};

}  // namespace tenon::cpu_blas
