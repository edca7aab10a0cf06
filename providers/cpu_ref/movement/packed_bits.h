// Elements narrower than a byte, as tensors hold them: element i is the bits from i * width on, counted from the lowest
// bit of the first byte, so a 6-bit element may straddle two bytes. Neighbours share bytes: one writer at a time.
#pragma once

#include <cstdint>

namespace tenon::cpu_ref {

/// The code of element i; `width` below 8. Reads no byte that the element does not reach.
inline uint32_t packed_at(const void* data, int64_t i, int width) {
  const uint8_t* first = static_cast<const uint8_t*>(data) + i * width / 8;
  const int shift = static_cast<int>(i * width % 8);
  uint32_t bits = first[0];
  if (shift + width > 8) bits |= uint32_t(first[1]) << 8;
  return (bits >> shift) & ((1u << width) - 1);
}

/// Replaces the code of element i by the low `width` bits of `code`, width below 8.
inline void set_packed(void* data, int64_t i, int width, uint32_t code) {
  uint8_t* first = static_cast<uint8_t*>(data) + i * width / 8;
  const int shift = static_cast<int>(i * width % 8);
  const uint32_t mask = ((1u << width) - 1) << shift;
  const uint32_t bits = (code << shift) & mask;
  first[0] = static_cast<uint8_t>((first[0] & ~mask) | bits);
  if (shift + width > 8) first[1] = static_cast<uint8_t>((first[1] & ~(mask >> 8)) | (bits >> 8));
}

}  // namespace tenon::cpu_ref
