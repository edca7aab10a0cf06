// Panels of weights of 2, 4 or 8 bits, quantized in blocks along K, and products with them. Each weight becomes the
// float (code - zero point) * scale, rounded once, in registers or in a scratch panel. Compiled for several instruction
// sets and chosen at run time. Thread-safe.
#pragma once

#include <cstdint>

namespace tenon::cpu_blas::simd {

/// The zero points of a panel's blocks: all 2^(bits - 1), or one per column as bytes or as floats.
enum class ZeroPoints { kMiddle, kBytes, kFloats };

/// A panel is `width` columns, a multiple of vector_width(), of all `depth` rows of K. Block after block: the scale of
/// each column (floats), its zero point (bytes or floats, or nothing), then rows of `width` words of 32 bits, a word
/// the codes of 32 / bits neighbours of K from the low bits on, which is how they lie in the operator's input. The last
/// block has the words that K needs; codes past K count for nothing. One stream, in the order in which a product reads
/// it.
struct NBitsPanel {
  int bits;
  ZeroPoints zeros;
  int64_t block;  // rows of a block: a power of two, at least 16
  int64_t depth;  // K
  int64_t width;
  const uint8_t* bytes;

  int64_t rows_per_word() const { return 32 / bits; }
  int64_t header_bytes() const {
    const int64_t zero = zeros == ZeroPoints::kMiddle ? 0 : zeros == ZeroPoints::kBytes ? 1 : int64_t(sizeof(float));
    return (width * (int64_t(sizeof(float)) + zero) + 3) / 4 * 4;
  }
  /// Of a block of so many rows.
  int64_t block_bytes(int64_t rows) const {
    return header_bytes() + (rows + rows_per_word() - 1) / rows_per_word() * width * int64_t(sizeof(uint32_t));
  }
  int64_t byte_length() const {
    return depth / block * block_bytes(block) + (depth % block != 0 ? block_bytes(depth % block) : 0);
  }
};

/// Rows of K that are summed before the sum joins the result, in every product with such weights, whatever its rows.
constexpr int64_t kNBitsPass = 512;
/// Rows that multiply_nbits() takes at most.
constexpr int64_t kNBitsRows = 4;

/// c[i, j] = sum over k of a(i, k) * weight(k, j) + column_shift[j], i < rows, j < columns. The weights stay in
/// registers. Each element is what multiply_panel() makes of expand_nbits(), pass after pass.
struct NBitsProduct {
  NBitsPanel panel;
  const float* a;
  int64_t a_stride;  // floats between rows
  int64_t rows;      // 1 to kNBitsRows
  int64_t columns;   // at most panel.width, which is at most panel_width()
  float* c;
  int64_t c_stride;
  const float* column_shift;  // null: 0
};
void multiply_nbits(const NBitsProduct& product);

/// The weights of the rows [first, first + count), panel.width floats each. `first` is a multiple of kNBitsPass.
void expand_nbits(const NBitsPanel& panel, int64_t first, int64_t count, float* weights);

}  // namespace tenon::cpu_blas::simd
