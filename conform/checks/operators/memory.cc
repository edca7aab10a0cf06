// What faults is told by the handlers of kernel/fault.h.
#include "conform/checks/operators/operator_checks.h"
#include "conform/checks/operators/trial.h"

namespace tenon::conform {

Outcome check_memory(const Subject& subject, const OperatorName& op) {
  OperatorBench bench(subject, op);
  int64_t count = 0;
  for (; count < subject.cases; ++count) {
    const auto c = bench.next({});
    if (c == nullptr) break;
    for (const uint32_t workers : {1u, 3u})
      for (const auto place : {GuardedRegion::Place::kAtEnd, GuardedRegion::Place::kAtBegin}) {
        RunSettings settings;
        settings.place = place;
        settings.workers = workers;
        (void)try_run(*c, settings);
      }
  }
  return count == 0 ? nothing_to_check(bench) : Outcome::pass(host::concat(count, " cases"));
}

}  // namespace tenon::conform
