#include "conform/runner/exclusions.h"

#include <fstream>
#include <stdexcept>

#include "host/base/status.h"

namespace tenon::conform {

std::vector<Exclusion> read_exclusions(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + " cannot be read");
  std::vector<Exclusion> exclusions;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    const size_t colon = line.find(": ");
    if (colon == std::string::npos || colon == 0 || line.find_first_not_of(' ', colon + 2) == std::string::npos)
      throw std::runtime_error(host::concat(path, ": '", line, "' is not PATTERN: REASON"));
    exclusions.push_back({line.substr(0, colon), line.substr(colon + 2), false});
  }
  return exclusions;
}

bool matches(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() != '*')
    return !text.empty() && pattern.front() == text.front() && matches(pattern.substr(1), text.substr(1));
  for (size_t skipped = 0; skipped <= text.size(); ++skipped)
    if (matches(pattern.substr(1), text.substr(skipped))) return true;
  return false;
}

Outcome with_exclusions(const std::string& id, Outcome outcome, std::vector<Exclusion>& exclusions) {
  for (Exclusion& exclusion : exclusions) {
    if (!matches(exclusion.pattern, id)) continue;
    exclusion.is_used = true;
    if (outcome.kind == Outcome::Kind::kFail)
      return Outcome::excluded(host::concat(exclusion.reason, " (", outcome.finding, ": ", outcome.message, ")"));
    if (outcome.kind == Outcome::Kind::kPass)
      return Outcome::fail("unexpected-pass", "it passes, but is excluded: " + exclusion.reason);
  }
  return outcome;
}

}  // namespace tenon::conform
