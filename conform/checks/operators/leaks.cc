#include <malloc.h>

#include "conform/checks/operators/operator_checks.h"
#include "conform/checks/operators/trial.h"

namespace tenon::conform {
namespace {

using host::concat;

// What a cache of bounded size may still take.
constexpr int64_t kMostGrowth = 64 << 10;

int64_t bytes_in_use() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<int64_t>(info.uordblks + info.hblkhd);
}

/// The growth over `rounds` of `body` beyond what as many before it took.
template <typename Body>
int64_t growth(int rounds, Body&& body) {
  for (int i = 0; i < rounds; ++i) body();
  const int64_t before = bytes_in_use();
  for (int i = 0; i < rounds; ++i) body();
  return bytes_in_use() - before;
}

}  // namespace

Outcome check_leaks(const Subject& subject, const OperatorName& op) {
  constexpr int kRounds = 300;
  OperatorBench bench(subject, op);
  int64_t count = 0;
  for (; count < 2; ++count) {
    const auto c = bench.next({});
    if (c == nullptr) break;
    const int64_t of_runs = growth(kRounds, [&] { (void)try_run(*c, {}); });
    if (of_runs > kMostGrowth)
      return Outcome::fail("leaks-per-run", concat(kRounds, " runs take ", of_runs, " bytes more; ", c->text()));
    const int64_t of_kernels = growth(kRounds, [&] { (void)bench.open(c->drawn, c->sight); });
    if (of_kernels > kMostGrowth)
      return Outcome::fail("leaks-per-kernel", concat(kRounds, " kernels, made and destroyed, take ", of_kernels,
                                                      " bytes more; ", c->text()));
  }
  return count == 0 ? nothing_to_check(bench) : Outcome::pass(concat(count, " cases"));
}

}  // namespace tenon::conform
