// What the runs of one program share and hand on to each other: memory plans by shapes, arenas, idle states; and the
// same for each body of its control flow. Thread-safe.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "host/runtime/arena_pool.h"
#include "host/runtime/plan_cache.h"
#include "host/runtime/run_state.h"

namespace tenon::host {

class RunPool {
 public:
  /// `program` must outlive the pool. Plans memory at once when the inferred types fix all sizes.
  /// `source`: of arenas; nullptr: the system.
  explicit RunPool(const Program& program, const std::shared_ptr<RegionSource>& source = nullptr);

  /// A state for one run; cleared and handed on when the run ends, however it ends.
  class StateLease {
   public:
    explicit StateLease(RunPool& pool);
    StateLease(const StateLease&) = delete;
    StateLease& operator=(const StateLease&) = delete;
    ~StateLease();
    RunState& operator*() { return *state_; }

   private:
    RunPool& pool_;
    std::unique_ptr<RunState> state_;
  };

  const Program& program() const { return program_; }
  /// The pool of a body of a control-flow step.
  RunPool& body(uint32_t step, size_t i) { return *bodies_.at(step)[i]; }

  /// The plan does for all shapes: there is nothing to learn.
  bool is_planned() const { return fixed_plan_ != nullptr; }
  /// Of an earlier run of these shapes, or a forecast from runs of others; nullptr: neither.
  std::shared_ptr<const MemoryPlan> find_plan(const ShapeSignature& signature);
  /// From the sizes that values had in a run, one per slot, which had `used` before.
  std::shared_ptr<const MemoryPlan> make_plan(const ShapeSignature& signature, std::span<const uint64_t> sizes,
                                              const std::shared_ptr<const MemoryPlan>& used);
  /// An arena for the plan; `limit`: of bytes. TN_OUT_OF_MEMORY names the largest value and `run_limit`. A forecast
  /// that there is no memory for is given up: `plan` is nullptr then, and the arena empty.
  Result<ArenaPool::Lease> take_arena(std::shared_ptr<const MemoryPlan>& plan, uint64_t limit, uint64_t run_limit);

  // Of this pool and of those of the bodies.
  /// Returns arenas and scratch that no run has to the system.
  void free_idle();
  uint64_t arena_bytes() const;
  uint64_t arena_peak_bytes() const;
  uint64_t scratch_peak_bytes() const;
  std::vector<std::span<const std::byte>> arena_ranges() const;
  /// The scratch of runs that have ended.
  std::vector<std::span<const std::byte>> scratch_ranges() const;

 private:
  template <typename Visit>
  void for_each_pool(Visit&& visit) const;

  const Program& program_;
  std::shared_ptr<const MemoryPlan> fixed_plan_;
  PlanCache plans_;
  std::atomic<unsigned> wrong_forecasts_{0};  // since the last right one
  ArenaPool arenas_;
  std::unordered_map<uint32_t, std::vector<std::unique_ptr<RunPool>>> bodies_;  // by step
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<RunState>> idle_states_;  // guarded by mutex_
  uint64_t scratch_peak_bytes_ = 0;                     // guarded by mutex_
};

/// Raises the sizes of values in the arena to what `state` saw of them; true when one was above `plan` (nullptr: none),
/// or that is a forecast.
bool raise_sizes(const Program& program, RunState& state, const MemoryPlan* plan, std::vector<uint64_t>& sizes);

}  // namespace tenon::host
