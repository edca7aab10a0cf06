// Runs a program for many callers at once: gives each run a state, a memory plan for its shapes and an arena, and takes
// them back. Thread-safe.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "host/runtime/bound_outputs.h"
#include "host/runtime/executor.h"
#include "host/runtime/run_pool.h"

namespace tenon::host {

/// What the profile of a run is part of.
struct ProfileOf {
  const std::string& model;    // names it
  TraceFile* trace = nullptr;  // of all runs of the session; nullptr: there is none
};

class Runner {
 public:
  /// `program` must outlive the runner. Plans memory at once when the inferred types fix all sizes.
  /// `source`: of arenas and of the pages of values; nullptr: the system.
  Runner(const Program& program, unsigned threads, uint64_t memory_limit, bool keeps_memory, bool validates,
         std::shared_ptr<RegionSource> source = nullptr);

  /// `inputs`: one per Program::inputs, checked. `wanted`: indices into Program::outputs. The results own their memory,
  /// and share none but for tensors in sequences; those with a target in `bound`, which are wanted, are views of it.
  Result<std::vector<RunValue>> run(std::span<const RunValue* const> inputs, std::span<const size_t> wanted,
                                    const BoundOutputs& bound, const RunOptions& options, const ProfileOf& profile);
  const Program& program() const { return program_; }

  /// True when the first run already has a plan.
  bool is_planned() const { return pool_.is_planned(); }
  uint64_t arena_bytes() const { return pool_.arena_bytes(); }
  uint64_t arena_peak_bytes() const { return pool_.arena_peak_bytes(); }
  uint64_t scratch_peak_bytes() const { return pool_.scratch_peak_bytes(); }
  /// Where arenas lie, and the scratch of runs that have ended.
  std::vector<std::span<const std::byte>> arena_ranges() const { return pool_.arena_ranges(); }
  std::vector<std::span<const std::byte>> scratch_ranges() const { return pool_.scratch_ranges(); }

 private:
  Result<std::vector<RunValue>> run_leased(std::span<const RunValue* const> inputs, std::span<const size_t> wanted,
                                           const BoundOutputs& bound, const RunOptions& options,
                                           const ProfileOf& profile);
  Status take_result(RunState& state, uint32_t slot, RunValue* result) const;
  Status run_in(RunState& state, const BoundOutputs& bound, const RunOptions& options, const ShapeSignature& signature,
                const ProfileOf& profile);

  const Program& program_;
  const unsigned threads_;
  const uint64_t memory_limit_;
  const bool keeps_memory_, validates_;
  const bool has_host_steps_;
  const std::shared_ptr<RegionSource> source_;
  RunPool pool_;
};

}  // namespace tenon::host
