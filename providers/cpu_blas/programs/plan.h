// A program laid out over shapes. Instructions whose results have one shape form a pass, so that nothing is computed
// more often than its own shape asks, though a group may compute a scale per channel and apply it to images. A pass
// runs tile by tile; only what a later pass reads, or what goes out, is written to memory. Immutable when made.
#pragma once

#include <tenon/sdk/run.hpp>

#include "programs/program.h"
#include "programs/steps.h"

namespace tenon::cpu_blas {

/// What a pass reads or writes in memory: an input, or what an instruction computes.
struct Stream {
  TileOperand what;
  int64_t element = 4;         // bytes
  std::vector<int64_t> steps;  // by loop, in elements; 0 where it repeats
  bool is_dense = false;       // its elements lie as those of the pass
  bool is_scalar = false;      // one element
  bool is_one_row = false;     // it steps along the innermost loop alone
  uint16_t expanded = 0;       // where rows are taken together: which buffer it is spread into, unless dense or scalar
};

struct Pass {
  int64_t count = 1;            // elements
  std::vector<int64_t> loops;   // sizes from the outermost to the innermost
  std::vector<Stream> streams;  // their slots come first, then those of registers, then those of constants
  std::vector<TileStep> steps;
  std::vector<uint16_t> kept;  // instructions whose results a later pass reads
  bool joins_rows = false;     // a tile is of whole rows; else of a row, or a part of it
  uint16_t expansions = 0;
  int64_t tile = 0;           // elements, at most
  int64_t buffer_stride = 0;  // bytes of a register or an expansion
  int64_t buffer_bytes = 0;   // of all of them
  int64_t tiles = 0;
  double tile_cost_ns = 0;
};

struct Plan {
  std::vector<sdk::Shape> inputs;   // what it is for
  std::vector<sdk::Shape> results;  // by instruction
  std::vector<Pass> passes;
  uint64_t flops = 0;

  bool is_for(sdk::Span<const sdk::ShapeView> shapes) const;
};

/// TN_INVALID_MODEL when shapes do not fit.
sdk::Result<Plan> make_plan(const Program& program, sdk::Span<const sdk::ShapeView> inputs);

/// Where the streams of all passes are.
struct PlanMemory {
  const void* inputs[Program::kMostInputs];
  void* results[Program::kMostInstructions];  // by instruction: of those that go out or are kept
};

/// Runs all passes, their tiles spread over the pool.
sdk::Status run_plan(sdk::RunContext& run, const Program& program, const Plan& plan, const PlanMemory& memory);

}  // namespace tenon::cpu_blas
