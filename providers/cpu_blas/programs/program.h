// Programs over elements: what a group of elementwise nodes, or one of them, computes, as a list of instructions over
// tiles. A program knows nothing of shapes but how each instruction's operands fit together; plan.h lays it out over
// shapes, epilogue.h over tiles of products. Made while a session opens, then immutable.
#pragma once

#include <tenon/sdk/tensor.hpp>
#include <vector>

#include "simd/program_ops.h"

namespace tenon::cpu_blas {

using simd::TileType;

/// The compute type of tensors of this element type; false when programs have none.
bool tile_type_of(uint32_t dtype, TileType* type);
tn_dtype dtype_of(TileType type);

/// What an instruction reads: an input of the program, a constant of one element, or what an earlier one computes.
struct TileOperand {
  enum class Kind : uint8_t { kNone, kInput, kConstant, kValue };
  Kind kind = Kind::kNone;
  uint16_t index = 0;

  bool is(Kind k) const { return kind == k; }
  bool operator==(const TileOperand& other) const { return kind == other.kind && index == other.index; }
};

/// How the shapes of an instruction's operands give that of its result.
enum class Fit : uint8_t {
  kBroadcast,  // as numpy has it
  kEqual,      // all are of one shape
  kFirst,      // the first one's, to which the others broadcast
  kScalars,    // the first one's; the others are of one element, whatever their rank
  kChannels,   // the first one's; the others are vectors along its dimension 1 (of 1 where it has none)
  kLast,       // the first one's; the others are vectors along its last dimension
};

struct Instruction {
  simd::OpFunction function = nullptr;
  simd::Op op = simd::Op::kCopy;  // of a Cast kCopy
  TileType type = TileType::kFloat;
  Fit fit = Fit::kBroadcast;
  TileOperand operands[3];
  float p = 0, q = 0;
  uint16_t reg = 0;  // which register holds the result

  uint32_t operand_count() const;
};

/// One element, of as many dimensions as the model gives it.
struct TileConstant {
  TileType type;
  uint32_t rank;
  alignas(8) unsigned char bytes[8];
};

struct Program {
  std::vector<TileType> inputs;
  std::vector<TileConstant> constants;
  std::vector<Instruction> instructions;
  std::vector<uint16_t> outputs;           // instructions whose results go out
  std::vector<uint16_t> integer_divisors;  // inputs by which integers are divided: a 0 in them is an error
  uint16_t registers = 0;
  int64_t register_element = 4;  // bytes of the largest element

  /// Bounds of what a plan takes on.
  static constexpr size_t kMostInstructions = 64, kMostInputs = 32;

  /// The type of what an operand holds.
  TileType type_of(const TileOperand& operand) const;
  /// x sigmoid(x) of two instructions becomes one, unless the sigmoid has another reader. Before registers are
  /// assigned.
  void join_swishes();
  /// Gives results that are needed at the same time different registers. Once, when all else is known.
  void assign_registers();
  /// The inputs that may lend their memory to an output: of its element size, and read by nothing that runs after the
  /// output is written, in any order in which a plan may run.
  std::vector<uint32_t> reusable_inputs(uint32_t output) const;
};

}  // namespace tenon::cpu_blas
