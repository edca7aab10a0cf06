// Running a plan; see plan.h.
#include <algorithm>
#include <cstring>

#include "common.h"
#include "programs/plan.h"

namespace tenon::cpu_blas {
namespace {

using Kind = TileOperand::Kind;

// Streams are written by an instruction or read by one of its operands; registers and constants as well.
constexpr size_t kMostSlots = (1 + 3 + 1 + 3) * Program::kMostInstructions;
constexpr int64_t kStackBytes = 32 * 1024;  // of registers and expansions: what most passes stay within

/// Spreads the rows [row, row + rows) of a stream, which repeats some of them or in them.
template <class T>
void expand(const Pass& pass, const Stream& s, const void* base, int64_t row, int64_t rows, void* to) {
  const int64_t inner = pass.loops.back(), step = s.steps.back();
  T* out = static_cast<T*>(to);
  for (int64_t i = row; i < row + rows; ++i, out += inner) {
    int64_t rest = i, at = 0;
    for (size_t loop = pass.loops.size() - 1; loop-- > 0;) {
      at += rest % pass.loops[loop] * s.steps[loop];
      rest /= pass.loops[loop];
    }
    const T* from = static_cast<const T*>(base) + at;
    if (step == 0) {
      std::fill_n(out, inner, *from);
    } else {
      std::copy_n(from, inner, out);
    }
  }
}

void expand(const Pass& pass, const Stream& s, const void* base, int64_t row, int64_t rows, void* to) {
  if (s.element == 1) return expand<uint8_t>(pass, s, base, row, rows, to);
  if (s.element == 2) return expand<uint16_t>(pass, s, base, row, rows, to);
  if (s.element == 4) return expand<uint32_t>(pass, s, base, row, rows, to);
  expand<uint64_t>(pass, s, base, row, rows, to);
}

/// What the bodies of one pass share.
struct Work {
  const Program& program;
  const Pass& pass;
  const std::vector<uint8_t*>& bases;  // by stream
};

void set_fixed_slots(const Work& w, uint8_t* buffer, void** slots) {
  const int64_t stride = w.pass.buffer_stride;
  void** registers = slots + w.pass.streams.size();
  for (size_t i = 0; i < w.program.registers; ++i) registers[i] = buffer + static_cast<int64_t>(i) * stride;
  void** constants = registers + w.program.registers;
  for (size_t i = 0; i < w.program.constants.size(); ++i)
    constants[i] = const_cast<unsigned char*>(w.program.constants[i].bytes);
  for (size_t i = 0; i < w.pass.streams.size(); ++i) {
    const Stream& s = w.pass.streams[i];
    slots[i] = w.bases[i];
    if (!w.pass.joins_rows || s.is_dense || s.is_scalar) continue;
    slots[i] = buffer + (w.program.registers + static_cast<int64_t>(s.expanded)) * stride;
    // Every tile finds the same rows there.
    if (s.is_one_row) expand(w.pass, s, w.bases[i], 0, w.pass.tile / w.pass.loops.back(), slots[i]);
  }
}

/// A tile is of whole rows.
void run_rows(const Work& w, uint8_t* buffer, int64_t begin, int64_t end) {
  void* slots[kMostSlots];
  set_fixed_slots(w, buffer, slots);
  const int64_t inner = w.pass.loops.back(), rows = w.pass.tile / inner, all = w.pass.count / inner;
  for (int64_t tile = begin; tile < end; ++tile) {
    const int64_t row = tile * rows, count = std::min(rows, all - row);
    for (size_t i = 0; i < w.pass.streams.size(); ++i) {
      const Stream& s = w.pass.streams[i];
      if (s.is_dense) {
        slots[i] = w.bases[i] + row * inner * s.element;
      } else if (!s.is_scalar && !s.is_one_row) {
        expand(w.pass, s, w.bases[i], row, count, slots[i]);
      }
    }
    run_steps(w.pass.steps, slots, count * inner);
  }
}

/// A tile is a row, or a part of it.
void run_parts(const Work& w, uint8_t* buffer, int64_t begin, int64_t end) {
  void* slots[kMostSlots];
  set_fixed_slots(w, buffer, slots);
  const int64_t inner = w.pass.loops.back(), parts = ceil_div(inner, w.pass.tile);
  const size_t outer = w.pass.loops.size() - 1;
  for (int64_t tile = begin; tile < end; ++tile) {
    const int64_t row = tile / parts, first = tile % parts * w.pass.tile;
    for (size_t i = 0; i < w.pass.streams.size(); ++i) {
      const Stream& s = w.pass.streams[i];
      int64_t at = first * s.steps[outer];
      int64_t rest = row;
      for (size_t loop = outer; loop-- > 0;) {
        at += rest % w.pass.loops[loop] * s.steps[loop];
        rest /= w.pass.loops[loop];
      }
      slots[i] = w.bases[i] + at * s.element;
    }
    run_steps(w.pass.steps, slots, std::min(w.pass.tile, inner - first));
  }
}

void run_tiles(const Work& w, uint8_t* buffer, int64_t begin, int64_t end) {
  w.pass.joins_rows ? run_rows(w, buffer, begin, end) : run_parts(w, buffer, begin, end);
}

sdk::Status run_pass(sdk::RunContext& run, const Work& w) {
  if (w.pass.buffer_bytes <= kStackBytes) {
    run.parallel_for(w.pass.tiles, w.pass.tile_cost_ns, [&](int64_t begin, int64_t end) {
      alignas(64) uint8_t buffer[kStackBytes];
      run_tiles(w, buffer, begin, end);
    });
    return {};
  }
  const auto bytes = static_cast<size_t>(w.pass.buffer_bytes);
  TN_ASSIGN_OR_RETURN(uint8_t* const buffers, run.scratch<uint8_t>(bytes * run.max_workers()));
  run.parallel_for(w.pass.tiles, w.pass.tile_cost_ns, [&](uint32_t worker, int64_t begin, int64_t end) {
    run_tiles(w, buffers + worker * bytes, begin, end);
  });
  return {};
}

}  // namespace

sdk::Status run_plan(sdk::RunContext& run, const Program& program, const Plan& plan, const PlanMemory& memory) {
  if (plan.flops != 0) run.count(TN_COUNT_FLOPS, plan.flops);
  for (const Pass& pass : plan.passes) {
    std::vector<uint8_t*> bases;
    bases.reserve(pass.streams.size());
    for (const Stream& s : pass.streams) {
      const void* base = s.what.is(Kind::kInput) ? memory.inputs[s.what.index] : memory.results[s.what.index];
      bases.push_back(static_cast<uint8_t*>(const_cast<void*>(base)));
    }
    TN_RETURN_IF_ERROR(run_pass(run, {program, pass, bases}));
  }
  return {};
}

}  // namespace tenon::cpu_blas
