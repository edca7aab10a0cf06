#include "conform/checks/operators/operator_checks.h"
#include "conform/checks/operators/trial.h"
#include "conform/checks/process_watch.h"

namespace tenon::conform {

Outcome check_process(const Subject& subject, const OperatorName& op) {
  OperatorBench bench(subject, op);
  int64_t count = 0;
  for (; count < subject.cases; ++count) {
    auto c = bench.next({});
    if (c == nullptr) break;
    const ProcessWatch watch;
    (void)try_run(*c, {});
    const auto again = bench.open(c->drawn, c->sight);
    if (auto breach = watch.breach()) throw Breach(breach->finding(), host::concat(breach->what(), "; ", c->text()));
  }
  return count == 0 ? nothing_to_check(bench) : Outcome::pass(host::concat(count, " cases"));
}

}  // namespace tenon::conform
