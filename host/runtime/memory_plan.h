// Where in one arena the values of a run lie: values whose lives do not overlap share memory, and a kernel that allows
// it works in place. Plans are immutable; making one is a pure function of the program and the values' sizes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "host/runtime/program.h"

namespace tenon::host {

constexpr uint64_t kNoOffset = UINT64_MAX;
constexpr uint64_t kArenaAlignment = 64;

/// A block of memory that is needed from step `first` to step `last`, both included.
struct BlockRequest {
  uint64_t bytes = 0;
  uint32_t first = 0, last = 0;
};

struct BlockLayout {
  std::vector<uint64_t> offsets;  // one per request; kNoOffset: not placed
  uint64_t total_bytes = 0;
};

/// Greedy: the largest blocks first, each into the tightest gap among those that live at the same time. Offsets are
/// multiples of kArenaAlignment. Empty blocks, and the smallest past a few thousand (which would take quadratic time),
/// are not placed.
BlockLayout lay_out(std::span<const BlockRequest> requests);

struct MemoryPlan {
  struct Place {
    uint64_t offset = kNoOffset;  // in the arena; kNoOffset: on the heap
    uint64_t bytes = 0;           // the most that the value may have there
    uint32_t reuses = kNoSlot;    // whose memory it takes over: of an input of the same step
  };
  std::vector<Place> places;  // one per slot
  uint64_t arena_bytes = 0;
  bool is_forecast = false;  // of sizes that no run of these shapes has confirmed
};

/// `slot_bytes`: the size of each slot's value; those of slots outside the arena are ignored.
MemoryPlan plan_memory(const Program& program, std::span<const uint64_t> slot_bytes);

/// The sizes of all values of the arena when the inferred types fix them; nothing when one is open or does not fit in
/// 64 bits.
std::optional<std::vector<uint64_t>> inferred_sizes(const Program& program);

}  // namespace tenon::host
