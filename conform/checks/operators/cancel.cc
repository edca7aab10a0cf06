#include <chrono>

#include "conform/checks/operators/operator_checks.h"
#include "conform/checks/operators/trial.h"

namespace tenon::conform {

Outcome check_cancel(const Subject& subject, const OperatorName& op) {
  constexpr std::chrono::milliseconds kMost{100};
  using Clock = std::chrono::steady_clock;
  OperatorBench bench(subject, op);
  int64_t count = 0;
  for (; count < subject.cases / 2; ++count) {
    const auto c = bench.next({});
    if (c == nullptr) break;
    RunSettings settings;
    settings.is_cancelled = true;
    // The best of a few: the machine may have other work.
    auto took = Clock::duration::max();
    for (int i = 0; i < 3 && took > kMost; ++i) {
      const auto start = Clock::now();
      (void)try_run(*c, settings);
      took = std::min(took, Clock::now() - start);
    }
    if (took > kMost)
      return Outcome::fail(
          "ignores-cancel",
          host::concat("a cancelled run returns after ",
                       std::chrono::duration_cast<std::chrono::milliseconds>(took).count(), " ms; ", c->text()));
  }
  return count == 0 ? nothing_to_check(bench) : Outcome::pass(host::concat(count, " cases"));
}

}  // namespace tenon::conform
