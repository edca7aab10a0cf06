// What a run of the kit found, and its forms.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "conform/checks/outcome.h"

namespace tenon::conform {

struct ReportedCheck {
  std::string id, asks;
  Outcome outcome;
  std::chrono::milliseconds took{0};
  std::string replay;  // the command that runs it again, alone
};

struct Report {
  std::string library, provider;  // path; name and version, as far as they are known
  uint64_t seed = 0;
  std::chrono::milliseconds took{0};
  std::vector<ReportedCheck> checks;

  size_t count(Outcome::Kind kind) const;
  bool has_passed() const { return !checks.empty() && count(Outcome::Kind::kFail) == 0; }
};

std::string text_report(const Report& report);
std::string json_report(const Report& report);
/// As Jenkins, GitLab and others read it.
std::string junit_report(const Report& report);
/// One page without scripts or other files.
std::string html_report(const Report& report);

/// With &, <, >, " and ' written as entities, and without what XML does not allow.
std::string escaped(const std::string& text);

}  // namespace tenon::conform
