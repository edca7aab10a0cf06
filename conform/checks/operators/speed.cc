#include <chrono>

#include "conform/checks/operators/operator_checks.h"
#include "conform/checks/operators/trial.h"

namespace tenon::conform {
namespace {

using host::concat;
using Clock = std::chrono::steady_clock;
using Micros = std::chrono::duration<double, std::micro>;

// Beyond both a provider is of no use to anybody: so many times the oracle's time, and so much.
constexpr double kMostTimes = 100;
constexpr Micros kMostTime{500};

/// The shortest of a few runs.
Micros time_of(const KernelCase& c) {
  constexpr int kRuns = 7;
  Micros best = Micros::max();
  for (int i = 0; i < kRuns; ++i) {
    GuardedRun run(GuardedRun::Inputs{c.inputs, c.constant, c.packs.is_packed_away},
                   static_cast<uint32_t>(c.expected.size()), {});
    const auto start = Clock::now();
    if (!c.kernel.run(run).is_ok()) return Micros(0);
    best = std::min<Micros>(best, Clock::now() - start);
  }
  return best;
}

}  // namespace

Outcome check_speed(const Subject& subject, const OperatorName& op) {
  OperatorBench bench(subject, op);
  if (!bench.has_oracle()) return Outcome::unsupported("no oracle computes operators of the provider's own");
  Subject oracle = subject;
  oracle.library = subject.oracle;
  oracle.options.clear();
  OperatorBench oracle_bench(oracle, op);
  int64_t count = 0;
  double worst = 0;
  for (; count < subject.cases; ++count) {
    const auto c = bench.next({});
    if (c == nullptr) break;
    const auto right = oracle_bench.open(c->drawn, c->sight);
    if (right == nullptr) continue;
    const Micros own = time_of(*c), expected = time_of(*right);
    const double times = own / std::max(expected, Micros(1));
    worst = std::max(worst, times);
    if (times > kMostTimes && own > kMostTime)
      return Outcome::fail("much-slower", concat("a run takes ", own.count(), " us, that of the oracle ",
                                                 expected.count(), " us; ", c->text()));
  }
  return count == 0 ? nothing_to_check(bench) : Outcome::pass(concat("at most ", worst, " times the oracle's time"));
}

}  // namespace tenon::conform
