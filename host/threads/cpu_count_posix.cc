// How many CPUs the process may use, and the pause of a spin loop. Thread-safe.
#include <sched.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <thread>

#include "host/threads/cgroup_posix.h"
#include "host/threads/spin_wait.h"
#include "host/threads/thread_pool.h"

namespace tenon::host {
namespace {

unsigned affinity_cpus() {
  // The mask grows until the kernel accepts its size: machines may have more CPUs than cpu_set_t holds.
  for (int cpus = 1024; cpus <= 1 << 20; cpus *= 2) {
    cpu_set_t* mask = CPU_ALLOC(cpus);
    if (mask == nullptr) break;
    const size_t size = CPU_ALLOC_SIZE(cpus);
    CPU_ZERO_S(size, mask);
    const bool read = sched_getaffinity(0, size, mask) == 0;
    const int count = read ? CPU_COUNT_S(size, mask) : 0;
    CPU_FREE(mask);
    if (read) return static_cast<unsigned>(std::max(1, count));
  }
  return std::max(1u, std::thread::hardware_concurrency());
}

// "max 100000" or "150000 100000"; infinity when there is no quota.
double cpus_of(const std::string& quota_and_period) {
  char* rest = nullptr;
  const double quota = std::strtod(quota_and_period.c_str(), &rest);
  const double period = std::strtod(rest, nullptr);
  return quota > 0 && period > 0 ? quota / period : INFINITY;
}

double cgroup_cpus() {
  double cpus = INFINITY;
  for (const std::string& line : read_cgroup_files("cpu", "", "cpu.max")) cpus = std::min(cpus, cpus_of(line));
  const auto quotas = read_cgroup_files("cpu", "cpu.cfs_quota_us", "");
  const bool is_limited = std::any_of(quotas.begin(), quotas.end(), [](const auto& q) { return q != "-1"; });
  const auto periods = is_limited ? read_cgroup_files("cpu", "cpu.cfs_period_us", "") : quotas;
  for (size_t i = 0; i < std::min(quotas.size(), periods.size()); ++i)
    cpus = std::min(cpus, cpus_of(quotas[i] + " " + periods[i]));
  return cpus;
}

}  // namespace

unsigned usable_cpus() {
  static const unsigned count = [] {
    const unsigned by_mask = affinity_cpus();
    const double by_quota = std::ceil(cgroup_cpus());
    return by_quota < by_mask ? std::max(1u, static_cast<unsigned>(by_quota)) : by_mask;
  }();
  return count;
}

void spin_pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#else
  std::this_thread::yield();
#endif
}

}  // namespace tenon::host
