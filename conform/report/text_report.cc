#include <algorithm>
#include <map>

#include "conform/report/report.h"
#include "host/base/status.h"

namespace tenon::conform {

using host::concat;

size_t Report::count(Outcome::Kind kind) const {
  return static_cast<size_t>(
      std::count_if(checks.begin(), checks.end(), [&](const ReportedCheck& c) { return c.outcome.kind == kind; }));
}

std::string text_report(const Report& report) {
  std::string text = concat(report.library, report.provider.empty() ? "" : ": " + report.provider, "\n");
  std::map<std::string, size_t> findings;
  for (const ReportedCheck& check : report.checks) {
    const Outcome& outcome = check.outcome;
    if (outcome.kind != Outcome::Kind::kFail) continue;
    ++findings[outcome.finding];
    text += concat("FAIL  ", check.id, "  [", outcome.finding, "]\n      ", outcome.message, "\n      it ", check.asks,
                   "\n      again: ", check.replay, "\n");
  }
  using Kind = Outcome::Kind;
  text += concat(report.count(Kind::kPass), " passed, ", report.count(Kind::kFail), " failed, ",
                 report.count(Kind::kUnsupported), " unsupported, ", report.count(Kind::kExcluded), " excluded; seed ",
                 report.seed, ", ", report.took.count() / 1000, " s\n");
  if (findings.empty()) return text;
  text += "findings:";
  for (const auto& [finding, count] : findings) text += concat(" ", finding, " (", count, ")");
  return text + "\n";
}

}  // namespace tenon::conform
