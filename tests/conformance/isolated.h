// Runs a series of cases in a child process, and in a new one from the next case on when it dies. The process that
// calls this must have no other threads.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace tenon::conformance {

struct Outcome {
  enum class Kind { kPassed, kFailed, kNotCovered };
  Kind kind = Kind::kFailed;
  std::string reason;
};

using RunCase = std::function<Outcome(size_t index)>;

/// `make_runner` is called once in every child. A case that ends the child, or takes longer than a minute, has failed,
/// and so has the last one when the child's exit code is not 0. Throws std::runtime_error when a child cannot be
/// started or make_runner throws.
std::vector<Outcome> run_isolated(size_t count, const std::function<RunCase()>& make_runner);

}  // namespace tenon::conformance
