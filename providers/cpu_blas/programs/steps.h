// Instructions with their operands found: what a plan or an epilogue runs, tile by tile.
#pragma once

#include <vector>

#include "programs/program.h"

namespace tenon::cpu_blas {

/// Slots are pointers of the tile: of streams, registers and constants.
struct TileStep {
  simd::OpFunction function;
  uint16_t y, a, b, c;  // slots
  bool a_steps, b_steps, c_steps;
  bool has_b, has_c;
  float p, q;
};

/// Runs them over n elements. `slots` is what the steps' slots point to.
inline void run_steps(const std::vector<TileStep>& steps, void* const* slots, int64_t n) {
  for (const TileStep& s : steps) {
    simd::OpArgs args;
    args.y = slots[s.y];
    args.a = slots[s.a];
    args.b = s.has_b ? slots[s.b] : nullptr;
    args.c = s.has_c ? slots[s.c] : nullptr;
    args.n = n;
    args.a_steps = s.a_steps, args.b_steps = s.b_steps, args.c_steps = s.c_steps;
    args.p = s.p, args.q = s.q;
    s.function(args);
  }
}

}  // namespace tenon::cpu_blas
