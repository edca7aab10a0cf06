#include "host/threads/thread_pool.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>
#include <vector>

using tenon::host::ThreadPool;
using tenon::host::usable_cpus;

namespace {

template <typename Body>
void parallel_for(int64_t count, double cost, unsigned threads, Body&& body) {
  ThreadPool::process().parallel_for(
      count, cost, threads,
      [](void* arg, uint32_t worker, int64_t begin, int64_t end) {
        (*static_cast<std::remove_reference_t<Body>*>(arg))(worker, begin, end);
      },
      &body);
}

}  // namespace

TEST_CASE("parallel_for covers every item exactly once", "[thread_pool]") {
  for (const int64_t count : {1, 2, 3, 7, 64, 1000, 10'007}) {
    std::vector<std::atomic<int>> seen(static_cast<size_t>(count));
    parallel_for(count, 1e6, 8, [&](uint32_t, int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) ++seen[static_cast<size_t>(i)];
    });
    for (const auto& s : seen) REQUIRE(s == 1);
  }
}

TEST_CASE("parallel_for of nothing calls no body", "[thread_pool]") {
  for (const int64_t count : {0, -5}) parallel_for(count, 1e6, 8, [](uint32_t, int64_t, int64_t) { FAIL(); });
}

TEST_CASE("bodies that overlap in time have different worker numbers below the limit", "[thread_pool]") {
  constexpr unsigned kThreads = 8;
  for (int round = 0; round < 50; ++round) {
    std::vector<std::atomic<int>> busy(kThreads);
    std::atomic<bool> clash{false};
    parallel_for(200, 1e6, kThreads, [&](uint32_t worker, int64_t, int64_t) {
      if (worker >= kThreads || busy[worker].fetch_add(1) != 0) clash = true;
      std::this_thread::yield();
      busy[worker].fetch_sub(1);
    });
    REQUIRE_FALSE(clash);
  }
}

TEST_CASE("work that is not worth a second thread stays on the caller", "[thread_pool]") {
  const auto caller = std::this_thread::get_id();
  std::atomic<int> calls{0};
  parallel_for(1000, 1, 8, [&](uint32_t worker, int64_t begin, int64_t end) {
    ++calls;
    CHECK(worker == 0);
    CHECK(std::this_thread::get_id() == caller);
    CHECK(begin == 0);
    CHECK(end == 1000);
  });
  CHECK(calls == 1);
}

TEST_CASE("a limit of one thread keeps all work on the caller", "[thread_pool]") {
  const auto caller = std::this_thread::get_id();
  std::atomic<bool> elsewhere{false};
  parallel_for(1000, 1e6, 1, [&](uint32_t, int64_t, int64_t) {
    if (std::this_thread::get_id() != caller) elsewhere = true;
  });
  CHECK_FALSE(elsewhere);
}

TEST_CASE("expensive work reaches other threads", "[thread_pool]") {
  if (usable_cpus() < 2) return;
  const auto caller = std::this_thread::get_id();
  std::atomic<bool> elsewhere{false};
  parallel_for(16, 1e9, 2, [&](uint32_t, int64_t, int64_t) {
    if (std::this_thread::get_id() != caller) elsewhere = true;
    for (int i = 0; i < 2000 && !elsewhere; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  CHECK(elsewhere);
}

TEST_CASE("workers begin with parts of their own", "[thread_pool]") {
  if (usable_cpus() < 2) return;  // there is one part
  std::atomic<int64_t> first[2] = {-1, -1};
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  parallel_for(64, 1e6, 2, [&](uint32_t worker, int64_t begin, int64_t) {
    int64_t none = -1;
    first[worker].compare_exchange_strong(none, begin);
    while (first[1 - worker] < 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  });
  CHECK(first[0] == 0);
  CHECK(first[1] == 32);
}

TEST_CASE("a call from inside a body runs on that body's thread as worker 0", "[thread_pool]") {
  std::atomic<bool> wrong{false};
  std::atomic<int64_t> items{0};
  parallel_for(8, 1e6, 8, [&](uint32_t, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto outer = std::this_thread::get_id();
      parallel_for(100, 1e6, 8, [&](uint32_t worker, int64_t b, int64_t e) {
        if (worker != 0 || std::this_thread::get_id() != outer) wrong = true;
        items += e - b;
      });
    }
  });
  CHECK_FALSE(wrong);
  CHECK(items == 800);
}

TEST_CASE("several callers use the pool at once", "[thread_pool]") {
  std::vector<std::thread> callers;
  std::atomic<int64_t> total{0};
  for (int c = 0; c < 4; ++c)
    callers.emplace_back([&] {
      for (int round = 0; round < 100; ++round)
        parallel_for(100, 1e6, 4, [&](uint32_t, int64_t begin, int64_t end) { total += end - begin; });
    });
  for (auto& caller : callers) caller.join();
  CHECK(total == 4 * 100 * 100);
}
