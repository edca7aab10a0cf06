// Checks that are known to fail, with the reason: what a provider's own tests keep in a file beside them.
#pragma once

#include <string>
#include <vector>

#include "conform/checks/outcome.h"

namespace tenon::conform {

struct Exclusion {
  std::string pattern;  // of ids; `*` stands for anything
  std::string reason;
  bool is_used = false;
};

/// Lines of "PATTERN: REASON"; empty ones and those that begin with # say nothing. Throws std::runtime_error for a file
/// that cannot be read and a line without a reason.
std::vector<Exclusion> read_exclusions(const std::string& path);

/// Whether the pattern, in which `*` stands for anything, is of the whole text.
bool matches(std::string_view pattern, std::string_view text);

/// What becomes of an outcome: a failure that is excluded is no longer one, and what is excluded and passes is.
Outcome with_exclusions(const std::string& id, Outcome outcome, std::vector<Exclusion>& exclusions);

}  // namespace tenon::conform
