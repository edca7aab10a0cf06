// Packs the codes of elements narrower than a byte, bit after bit, as the expectation of tests.
#pragma once

#include <cstdint>
#include <vector>

namespace tenon::test {

/// The bytes of a tensor whose elements are the low `width` bits of `codes`; bits after the last are 0.
inline std::vector<uint8_t> packed_codes(int width, const std::vector<uint8_t>& codes) {
  const size_t bits = static_cast<size_t>(width);
  std::vector<uint8_t> bytes((codes.size() * bits + 7) / 8, 0);
  for (size_t i = 0; i < codes.size() * bits; ++i) {
    const unsigned bit = (codes[i / bits] >> (i % bits)) & 1u;
    bytes[i / 8] = static_cast<uint8_t>(bytes[i / 8] | bit << (i % 8));
  }
  return bytes;
}

}  // namespace tenon::test
