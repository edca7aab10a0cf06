// The packed formats of rows of numbers that GatherPacked takes, by GGML's numbers: floats, and blocks of a few bits
// for each number with their scales. All are little-endian, and a row is whole blocks one behind the other.
#pragma once

#include <cstdint>

namespace tenon::cpu_ref {

struct PackedFormat {
  int64_t number;
  int64_t elements, bytes;  // of a block
  /// Writes `elements` numbers.
  void (*decode)(const uint8_t* block, float* out);
};

/// nullptr: there is none of that number.
const PackedFormat* find_packed_format(int64_t number);

}  // namespace tenon::cpu_ref
