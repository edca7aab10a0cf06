#include <atomic>
#include <mutex>
#include <thread>

#include "conform/checks/operators/operator_checks.h"
#include "conform/checks/operators/trial.h"

namespace tenon::conform {
namespace {

using host::concat;

constexpr int kCallers = 4, kRunsOfEach = 12;

std::optional<Outcome> check_worker_counts(const KernelCase& c, const Trial& alone) {
  for (const uint32_t workers : {2u, 7u}) {
    RunSettings settings;
    settings.workers = workers;
    if (const auto why = byte_difference(alone, try_run(c, settings)))
      return Outcome::fail("depends-on-workers", concat("1 worker and ", workers, ": ", *why, "; ", c.text()));
  }
  return std::nullopt;
}

/// Every other caller has other inputs: what runs share by mistake is then of the wrong ones.
std::optional<Outcome> check_concurrent_runs(const KernelCase& c, const Trial& alone) {
  const std::vector<host::Tensor> others = turned_inputs(c);
  const Trial alone_on_others = try_run(c, others, {});
  std::mutex mutex;
  std::string difference;
  std::optional<Breach> breach;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < kCallers; ++caller)
    callers.emplace_back([&, is_odd = caller % 2 == 1] {
      for (int i = 0; i < kRunsOfEach; ++i) try {
          const auto why = is_odd ? byte_difference(alone_on_others, try_run(c, others, {}))
                                  : byte_difference(alone, try_run(c, {}));
          const std::lock_guard lock(mutex);
          if (why) difference = *why;
        } catch (const Breach& met) {
          const std::lock_guard lock(mutex);
          breach = met;
        }
    });
  for (std::thread& caller : callers) caller.join();
  if (breach) throw *breach;
  if (difference.empty()) return std::nullopt;
  return Outcome::fail("not-concurrent", concat(kCallers, " runs of one kernel at once: ", difference, "; ", c.text()));
}

/// A kernel that is made on one thread, run on another and destroyed on a third.
std::optional<Outcome> check_foreign_threads(OperatorBench& bench, const KernelCase& c, const Trial& alone) {
  std::unique_ptr<KernelCase> other;
  std::optional<Breach> breach;
  const auto on_thread = [&](auto&& body) {
    std::thread([&] {
      try {
        body();
      } catch (const Breach& met) {
        breach = met;
      }
    }).join();
    if (breach) throw *breach;
  };
  on_thread([&] { other = bench.open(c.drawn, c.sight); });
  if (other == nullptr) return std::nullopt;
  const auto why = byte_difference(alone, try_run(*other, {}));
  on_thread([&] { other.reset(); });
  if (!why) return std::nullopt;
  return Outcome::fail("depends-on-thread", concat("a kernel that was made on another thread: ", *why, "; ", c.text()));
}

}  // namespace

Outcome check_threads(const Subject& subject, const OperatorName& op) {
  OperatorBench bench(subject, op);
  int64_t count = 0;
  for (; count < subject.cases; ++count) {
    const auto c = bench.next({});
    if (c == nullptr) break;
    if (c->is_random || !c->kernel.is_deterministic()) continue;
    const Trial alone = try_run(*c, {});
    if (auto outcome = check_worker_counts(*c, alone)) return *std::move(outcome);
    if (auto outcome = check_foreign_threads(bench, *c, alone)) return *std::move(outcome);
    if (auto outcome = check_concurrent_runs(*c, alone)) return *std::move(outcome);
  }
  return count == 0 ? nothing_to_check(bench) : Outcome::pass(concat(count, " cases"));
}

}  // namespace tenon::conform
