#include "host/threads/affinity.h"

#include <sched.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <map>
#include <mutex>

#include "host/threads/thread_id.h"
#include "host/threads/thread_pool.h"
#include "tests/support/child_process.h"

using namespace tenon::host;
using Catch::Contains;

namespace {

// The CPUs that the calling thread may use, of the first 1024.
std::vector<uint32_t> own_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  REQUIRE(sched_getaffinity(0, sizeof set, &set) == 0);
  std::vector<uint32_t> cpus;
  for (uint32_t cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  return cpus;
}

struct Seen {
  std::mutex mutex;
  std::map<int64_t, std::vector<uint32_t>> cpus_of;  // by thread
  std::atomic<unsigned> threads{0};
};

// Each body waits until a second thread has come.
std::map<int64_t, std::vector<uint32_t>> cpus_of_two_threads() {
  Seen seen;
  ThreadPool::process().parallel_for(
      2, 1e9, 2,
      [](void* arg, uint32_t, int64_t, int64_t) {
        Seen& all = *static_cast<Seen*>(arg);
        ++all.threads;
        while (all.threads < 2) sched_yield();
        const std::lock_guard lock(all.mutex);
        all.cpus_of[current_thread_id()] = own_cpus();
      },
      &seen);
  return seen.cpus_of;
}

}  // namespace

TEST_CASE("lists of CPUs are read back", "[threads]") {
  const auto lists = parse_cpu_lists("1;2;4-7,9");
  REQUIRE(lists.is_ok());
  CHECK(*lists == std::vector<CpuList>{{{1, 1}}, {{2, 2}}, {{4, 7}, {9, 9}}});
  CHECK(cpu_lists_text(*lists) == "1;2;4-7,9");
  CHECK(parse_cpu_lists("")->empty());
}

TEST_CASE("a CPU that the process may not use is refused with those that it may", "[threads]") {
  const Status status = check_cpus(std::vector<CpuList>{{{60'000, 60'001}}});
  CHECK(status.code() == TN_INVALID_ARGUMENT);
  CHECK_THAT(status.message(), Contains("CPU 60000 is none that this process may use: it may use "));
  CHECK(check_cpus(std::vector<CpuList>{{{own_cpus()[0], own_cpus()[0]}}}).is_ok());
}

TEST_CASE("worker threads keep to their CPUs, those that run already too, and callers are left alone", "[threads]") {
  if (usable_cpus() < 2 || tenon::test::is_done_in_own_program()) return;
  const std::vector<uint32_t> all = own_cpus();
  REQUIRE(cpus_of_two_threads().size() == 2);  // the worker runs
  const std::vector<CpuList> lists{{{all.back(), all.back()}}};
  REQUIRE(ThreadPool::process().pin(lists).is_ok());
  for (const auto& [thread, cpus] : cpus_of_two_threads())
    CHECK(cpus == (thread == current_thread_id() ? all : std::vector{all.back()}));

  CHECK(ThreadPool::process().pin(lists).is_ok());
  CHECK(ThreadPool::process().pin({}).is_ok());
  const Status other = ThreadPool::process().pin({{{all.front(), all.front()}}});
  CHECK(other.code() == TN_INVALID_ARGUMENT);
  CHECK_THAT(other.message(), Contains("keeps them to '" + std::to_string(all.back()) + "' already"));
}

TEST_CASE("worker threads that start later keep to their CPUs", "[threads]") {
  if (usable_cpus() < 2 || tenon::test::is_done_in_own_program()) return;
  const std::vector<uint32_t> all = own_cpus();
  REQUIRE(ThreadPool::process().pin({{{all.front(), all.front()}}}).is_ok());
  const auto seen = cpus_of_two_threads();
  REQUIRE(seen.size() == 2);
  for (const auto& [thread, cpus] : seen)
    CHECK(cpus == (thread == current_thread_id() ? all : std::vector{all.front()}));
}
