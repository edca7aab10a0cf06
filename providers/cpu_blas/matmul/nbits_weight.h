// The constant weight of MatMulNBits: codes, scales and zero points brought together into the panels of simd/nbits.h,
// one blob that a product reads from its beginning to its end. Thread-safe.
#pragma once

#include <tenon/sdk/kernel.hpp>

#include "simd/nbits.h"

namespace tenon::cpu_blas {

/// N x K weights of 2, 4 or 8 bits, quantized in blocks of `block` neighbours of K.
struct NBitsFormat {
  int64_t n = 0, k = 0;
  int bits = 4;
  int64_t block = 32;
  simd::ZeroPoints zeros = simd::ZeroPoints::kMiddle;

  /// Blocks of a column.
  int64_t blocks() const { return (k - 1) / block + 1; }
  int64_t block_bytes() const { return block / 8 * bits; }
  /// Bytes of a column's zero points where they are kBytes: packed like codes.
  int64_t zero_row_bytes() const { return (blocks() * bits + 7) / 8; }
};

/// Where the originals lie, as the operator has them: codes n x blocks() x block_bytes(), scales n x blocks(), zero
/// points n x zero_row_bytes() bytes or n x blocks() floats.
struct NBitsSources {
  const uint8_t* codes = nullptr;
  const float* scales = nullptr;
  const void* zeros = nullptr;  // null where they are kMiddle
};

class NBitsWeight {
 public:
  explicit NBitsWeight(const NBitsFormat& format) : format_(format) {}
  const NBitsFormat& format() const { return format_; }

  /// Bytes of the blob; 0 where they cannot be counted, or would be mostly padding.
  uint64_t byte_length() const;
  /// Names all that determines the blob beside the originals.
  std::string key() const;
  int64_t panel_count() const;
  /// Writes panel i of the blob that begins at `blob`.
  void pack_panel(const NBitsSources& from, int64_t i, void* blob) const;
  void bind(const void* blob) { blob_ = static_cast<const uint8_t*>(blob); }
  bool is_bound() const { return blob_ != nullptr; }

  /// y (m x n) = a (m x k) W + bias, both row-major without gaps; `bias` may be null. From the blob where one is bound,
  /// else from the originals, each panel packed anew. Each element depends on its row of a and its column of W alone,
  /// not on the number of rows or threads.
  sdk::Status multiply(sdk::RunContext& run, const NBitsSources& originals, const float* a, int64_t m,
                       const float* bias, float* y) const;

 private:
  simd::NBitsPanel panel(int64_t i, const void* bytes) const;
  void write_panel(const NBitsSources& from, int64_t i, uint8_t* bytes) const;

  NBitsFormat format_;
  const uint8_t* blob_ = nullptr;
};

}  // namespace tenon::cpu_blas
