#include "conform/checks/operators/operator_checks.h"
#include "conform/checks/operators/trial.h"

namespace tenon::conform {
namespace {

using host::concat;

constexpr int64_t kMostRequests = 24;  // of a run; a kernel of strings has thousands

std::optional<Outcome> check_case(const KernelCase& c) {
  RunSettings settings;
  settings.workers = 2;
  const Trial whole = try_run(c, settings);
  for (int64_t i = 0; i < std::min(whole.run->requests(), kMostRequests); ++i) {
    settings.failing_request = i;
    const Trial failed = try_run(c, settings);
    const std::string& what = failed.run->failed_request();
    const bool is_output = what.starts_with("output") || what.starts_with("string");
    if (failed.status.is_ok() && is_output && !what.empty())
      return Outcome::fail("ignores-error",
                           concat("reports success though the host's answer for ", what, " was an error; ", c.text()));
    if (failed.status.is_ok() && !c.is_random && c.kernel.is_deterministic())
      if (const auto why = byte_difference(whole, failed))
        return Outcome::fail("ignores-error",
                             concat("reports success though ", what, " failed, and ", *why, "; ", c.text()));
  }
  if (c.is_random || !c.kernel.is_deterministic()) return std::nullopt;
  settings.failing_request = -1;
  if (const auto why = byte_difference(whole, try_run(c, settings)))
    return Outcome::fail("keeps-error", concat("a run after failed ones: ", *why, "; ", c.text()));
  return std::nullopt;
}

}  // namespace

Outcome check_errors(const Subject& subject, const OperatorName& op) {
  OperatorBench bench(subject, op);
  int64_t count = 0;
  for (; count < subject.cases / 2; ++count) {
    const auto c = bench.next({});
    if (c == nullptr) break;
    if (auto outcome = check_case(*c)) return *std::move(outcome);
  }
  return count == 0 ? nothing_to_check(bench) : Outcome::pass(concat(count, " cases"));
}

}  // namespace tenon::conform
