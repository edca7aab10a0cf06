// Elements of any numeric type read into, and written from, a block of one wide type: the common ground of Cast,
// CastLike, QuantizeLinear and DequantizeLinear.
#pragma once

#include <tenon/sdk/kernel.hpp>

#include "convert/small_float.h"

namespace tenon::cpu_ref {

/// Up to kCapacity numbers. Which array holds them depends on the type they were read from; each is exact there.
struct NumberBlock {
  static constexpr int64_t kCapacity = 256;
  enum class Kind { kFloating, kSigned, kUnsigned };

  Kind kind = Kind::kFloating;
  int64_t count = 0;
  double floating[kCapacity];
  int64_t whole[kCapacity];  // kUnsigned: the bits of a uint64_t
};

/// How values are fitted into types that cannot hold them; see Cast.
struct Fitting {
  bool saturate = true;                   // float8 types alone
  RoundMode round_mode = RoundMode::kUp;  // float8e8m0 alone
};

/// True for every type that read_block and write_block know: all but strings and complex numbers.
bool is_number(tn_dtype dtype);

/// Reads elements [begin, begin + count) of `t`; `begin` must be a multiple of kCapacity. is_number(t.dtype()) must
/// hold.
void read_block(const sdk::TensorView& t, int64_t begin, int64_t count, NumberBlock& block);

/// Writes the block at elements [begin, begin + block.count) of `t`, converted to its type; `begin` must be a multiple
/// of kCapacity. Floating point rounds to nearest even. Integers keep their low bits; floating point becomes an integer
/// by truncation to 64 bits (NaN: 0), or for types of 4 and 2 bits by rounding to nearest even, of which the low bits
/// are kept; bool is "not zero".
void write_block(const NumberBlock& block, const Fitting& fitting, const sdk::MutableTensorView& t, int64_t begin);

}  // namespace tenon::cpu_ref
