// Opens a mutant through the C API, runs it twice and closes it. Used by one thread.
#pragma once

#include <filesystem>
#include <string>

#include "tests/fuzz/mutants/mutation.h"

namespace tenon::mutants {

struct Limits {
  std::string providers = "cpu_blas,cpu_ref";
  int64_t deadline_ms = 1000;   // of a run
  int64_t grace_ms = 1000;      // by which a run may outlive its deadline, and an open the same
  int64_t run_memory_mb = 256;  // given to the session
  int64_t memory_mb = 512;      // by which a process may grow
};

struct Verdict {
  enum class Kind { kRan, kRefusedRun, kRefusedOpen, kBroken };
  Kind kind = Kind::kRan;
  std::string reason;  // of kBroken: an internal error, an empty message, a deadline or memory passed
};

/// `random` chooses what the inputs hold where the seed's do not fit.
Verdict run_mutant(const Mutant& mutant, const Limits& limits, Random& random);
/// The same of a file. `pack`: the option of that name; `seed`: for the inputs.
Verdict run_mutant_file(const std::filesystem::path& path, const char* pack, const Seed& seed, const Limits& limits,
                        Random& random);

}  // namespace tenon::mutants
