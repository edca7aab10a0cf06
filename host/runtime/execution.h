// The conditions that a program is run under.
#pragma once

#include <tenon/kernel_api/base.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "host/runtime/memory_meter.h"
#include "host/runtime/memory_plan.h"
#include "host/runtime/profiler.h"
#include "host/runtime/run_options.h"

namespace tenon::host {

class RegionSource;
class RunPool;

/// Memory of the caller for the value in a slot, which a kernel may write there directly.
struct BoundSlot {
  uint32_t slot;
  void* data;
  uint64_t bytes;
};

/// The conditions of one run.
struct Execution {
  unsigned threads = 1;
  const CancelToken* cancel = nullptr;
  std::optional<std::chrono::steady_clock::time_point> deadline;
  uint64_t memory_limit = UINT64_MAX;    // of arena, heap values and scratch together
  const MemoryPlan* plan = nullptr;      // nullptr: every value on the heap
  std::byte* arena = nullptr;            // plan->arena_bytes of memory
  std::span<const BoundSlot> bound;      // none inside of subgraphs
  Profiler* profiler = nullptr;          // may be null
  bool validates = false;                // see run_validated()
  std::shared_ptr<RegionSource> source;  // of pages for values; nullptr: the system
  RunPool* pool = nullptr;               // of the program; only control flow needs it
  uint64_t outer_bytes = 0;              // of the same run, held around this program; what `meter` counts apart
  std::shared_ptr<MemoryMeter> meter;    // of what values of the run share

  /// TN_CANCELLED or TN_DEADLINE_EXCEEDED once the run has to stop, else TN_OK. thread: any.
  tn_code stop_code() const;
  /// What the run holds whatever this program's values on the heap and scratch take, what `meter` counts apart.
  uint64_t placed_bytes() const { return outer_bytes + (plan != nullptr ? plan->arena_bytes : 0); }
  uint64_t shared_bytes() const { return meter != nullptr ? meter->bytes() : 0; }
  uint64_t fixed_bytes() const { return placed_bytes() + shared_bytes(); }
};

}  // namespace tenon::host
