// Runs a program for many callers at once: gives each run a state, a memory plan for its shapes and an arena, and takes
// them back. Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "host/session/arena_pool.h"
#include "host/session/executor.h"
#include "host/session/plan_cache.h"

namespace tenon::host {

class Runner {
 public:
  /// `program` must outlive the runner. Plans memory at once when the inferred types fix all sizes.
  Runner(const Program& program, unsigned threads, uint64_t memory_limit);

  /// `inputs`: one per Program::inputs, checked. `wanted`: indices into Program::outputs. The results own their memory.
  /// `model`: names it in the profile.
  Result<std::vector<Tensor>> run(std::span<const Tensor* const> inputs, std::span<const size_t> wanted,
                                  const RunOptions& options, const std::string& model);

  /// True when the first run already has a plan.
  bool is_planned() const { return fixed_plan_ != nullptr; }
  uint64_t arena_bytes() const { return arenas_.bytes(); }
  uint64_t arena_peak_bytes() const { return arenas_.peak_bytes(); }
  uint64_t scratch_peak_bytes() const;
  /// Where arenas lie, and the scratch of runs that have ended.
  std::vector<std::span<const std::byte>> arena_ranges() const { return arenas_.ranges(); }
  std::vector<std::span<const std::byte>> scratch_ranges() const;

 private:
  class StateLease;
  Status run_in(RunState& state, const RunOptions& options, const ShapeSignature& signature, const std::string& model);
  Status take_arena(const MemoryPlan& plan, ArenaPool::Lease* arena);
  void learn_sizes(RunState& state, const MemoryPlan* plan, const ShapeSignature& signature);

  const Program& program_;
  const unsigned threads_;
  const uint64_t memory_limit_;
  std::shared_ptr<const MemoryPlan> fixed_plan_;
  PlanCache plans_;
  ArenaPool arenas_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<RunState>> idle_states_;  // guarded by mutex_
  uint64_t scratch_peak_bytes_ = 0;                     // guarded by mutex_
};

}  // namespace tenon::host
