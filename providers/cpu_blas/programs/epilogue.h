// Programs behind products and convolutions: elementwise nodes that follow one, applied to each tile of its result
// while that is in the cache. A Tail is what a group has of them; bound to a run's operands it is a TailCall.
#pragma once

#include <tenon/sdk/run.hpp>

#include "programs/program.h"
#include "programs/steps.h"

namespace tenon::cpu_blas {

/// The program behind a product. Its input 0 is what the product computes, its one output takes its place: of float.
/// Immutable; empty where nothing follows.
class Tail {
 public:
  Tail() = default;
  /// `inputs`: for each input of the program from 1 on, the kernel's that it is. `node` starts messages.
  Tail(std::string node, Program program, std::vector<uint32_t> inputs);

  bool empty() const { return program_.instructions.empty(); }
  const Program& program() const { return program_; }
  const std::vector<uint32_t>& inputs() const { return inputs_; }

  /// Computes all of output 0 of the run from a product that lies elsewhere: for operands that no TailCall takes.
  sdk::Status run_apart(sdk::RunContext& run, const float* product, sdk::ShapeView shape) const;

 private:
  friend class TailCall;
  std::string node_;
  Program program_;
  std::vector<uint32_t> inputs_;
  std::vector<TileStep> steps_;  // slots: inputs, registers, constants
};

/// A tail with the operands of one run. Borrows the tail and the operands. Thread-safe.
class TailCall {
 public:
  /// Nothing to apply.
  TailCall() = default;
  /// For a result of this shape, seen as a matrix: dimensions before `split` are its rows, the others its columns
  /// (N x C x H x W with split 2: a row a channel of an image; ... x M x N with split rank - 1: a row a row). False
  /// where the tail must run apart: an operand makes the result larger or is not laid out along rows or columns.
  /// Operands are scalars, one element a column, one element a row, or the result's own layout, repeated or not.
  bool bind(const Tail& tail, sdk::RunContext& run, sdk::ShapeView result, size_t split);

  bool empty() const { return tail_ == nullptr; }
  /// Replaces the elements [row, row + rows) x [column, column + columns) of the result, which lie at `c`, `ldc` floats
  /// between rows. Uses 16 KiB of stack.
  void apply(float* c, int64_t rows, int64_t columns, int64_t ldc, int64_t row, int64_t column) const;

 private:
  // The element of row r and column c is data[(r / repeat % period) * row_step + (has_columns ? c : 0)].
  struct Operand {
    const uint8_t* data = nullptr;
    int64_t element = 4;  // bytes
    int64_t repeat = 1, period = 1, row_step = 0;
    bool has_columns = false;
  };
  /// Whether shapes fit the instruction and its result is of the product's shape.
  static bool fits(const Tail& tail, sdk::RunContext& run, const Instruction& i, sdk::ShapeView result);
  static bool lay_out(sdk::ShapeView result, size_t split, sdk::ShapeView shape, Operand* operand);

  const Tail* tail_ = nullptr;
  std::vector<Operand> operands_;  // by input of the program
  std::vector<TileStep> steps_;
};

/// Where a product of this shape goes: output 0, or scratch memory from which a tail makes that apart.
sdk::Result<float*> result_memory(sdk::RunContext& run, bool is_output, const sdk::Shape& shape);

}  // namespace tenon::cpu_blas
