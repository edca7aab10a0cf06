// Runs a program's steps one after the other; parallelism is inside the kernels. Stateless: all that a run changes is
// in its RunState, and for the bodies of control flow in the states that Execution::pool lends.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "host/session/memory_plan.h"
#include "host/session/profiler.h"
#include "host/session/run_state.h"
#include "host/session/session.h"

namespace tenon::host {

class RunPool;

/// The conditions of one run.
struct Execution {
  unsigned threads = 1;
  const CancelToken* cancel = nullptr;
  std::optional<std::chrono::steady_clock::time_point> deadline;
  uint64_t memory_limit = UINT64_MAX;  // of arena, heap values and scratch together
  const MemoryPlan* plan = nullptr;    // nullptr: every value on the heap
  std::byte* arena = nullptr;          // plan->arena_bytes of memory
  Profiler* profiler = nullptr;        // may be null
  RunPool* pool = nullptr;             // of the program; only control flow needs it
  uint64_t outer_bytes = 0;            // of the same run, held around this program

  /// TN_CANCELLED or TN_DEADLINE_EXCEEDED once the run has to stop, else TN_OK. thread: any.
  tn_code stop_code() const;
  /// What the run holds whatever this program's values on the heap and scratch take.
  uint64_t fixed_bytes() const { return outer_bytes + (plan != nullptr ? plan->arena_bytes : 0); }
};

/// Runs all steps over the inputs that `state` holds. Afterwards `state` has the outputs, and in SlotValue::bytes the
/// size of every value. A kernel's error comes with node and provider before its message; TN_CANCELLED and
/// TN_DEADLINE_EXCEEDED name the node reached.
Status execute(const Program& program, const Execution& execution, RunState& state);

}  // namespace tenon::host
