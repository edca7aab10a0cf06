// The instructions of elementwise programs (programs/): functions of up to three tiles, compiled for several
// instruction sets. The rows of program_ops.inc say what each computes. Thread-safe, pure; nothing is allocated.
#pragma once

#include <cstdint>

namespace tenon::cpu_blas::simd {

/// What a tile holds: the compute types of programs, and two that are but moved and cast from and to float.
enum class TileType : uint8_t { kFloat, kInt32, kInt64, kBool, kFloat16, kBfloat16 };

/// Bytes of an element.
constexpr int64_t tile_type_size(TileType type) {
  constexpr int64_t kSizes[] = {4, 4, 8, 1, 2, 2};
  return kSizes[static_cast<int>(type)];
}

enum class Op : uint8_t {
#define TENON_OP(name) k##name,
#include "simd/program_ops.inc"
};

/// One instruction over a tile. Arrays need no alignment. `y` may be an operand of the same element size, but must not
/// overlap one otherwise.
struct OpArgs {
  void* y = nullptr;
  const void* a = nullptr;
  const void* b = nullptr;
  const void* c = nullptr;
  int64_t n = 0;
  bool a_steps = true, b_steps = true, c_steps = true;  // false: one element, repeated
  float p = 0, q = 0;                                   // what the rows of program_ops.inc call so
};

using OpFunction = void (*)(const OpArgs& args);

/// The instruction for operands of this type (of Where: its second and third), on the instruction set in use; null when
/// there is none.
OpFunction find_op(Op op, TileType type);

/// y[i] = a[i] as another type, as convert.h has it; the types differ. Null when there is none.
OpFunction find_cast(TileType from, TileType to);

/// Nanoseconds that it takes an element, roughly, for parallel_for.
double op_cost_ns(Op op);

}  // namespace tenon::cpu_blas::simd
