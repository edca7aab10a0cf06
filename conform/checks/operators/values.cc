#include "conform/checks/operators/operator_checks.h"
#include "conform/checks/operators/value_check.h"

namespace tenon::conform {
namespace {

Outcome check_against_oracle(const Subject& subject, const OperatorName& op, bool has_edges) {
  OperatorBench bench(subject, op);
  if (!bench.has_oracle()) return Outcome::unsupported("no oracle computes operators of the provider's own");
  DrawSettings draws;
  draws.has_edges = has_edges;
  int64_t count = 0;
  for (; count < subject.cases; ++count) {
    const auto c = bench.next(draws);
    if (c == nullptr) break;
    const Trial trial = try_run(*c, {});
    if (!trial.status.is_ok())
      return Outcome::fail(
          "refuses-in-run",
          host::concat("the oracle computes what the run refuses: ", trial.status.message(), "; ", c->text()));
    if (auto breach = wrong_outputs(*c, trial)) throw *breach;
  }
  return count == 0 ? nothing_to_check(bench) : Outcome::pass(host::concat(count, " cases"));
}

}  // namespace

Outcome check_values(const Subject& subject, const OperatorName& op) {
  return check_against_oracle(subject, op, false);
}

Outcome check_edges(const Subject& subject, const OperatorName& op) {
  Subject more = subject;
  more.cases *= 3;  // one draw in four has edges
  return check_against_oracle(more, op, true);
}

}  // namespace tenon::conform
