// Work that plugins spread over threads: what bodies may do, and what is refused.
#include "host/plugins/abi/abi_parallel.h"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "host/plugins/abi/abi_tables.h"

using namespace tenon::host;
using Catch::Matchers::Contains;

namespace {

tn_parallel work_of(int64_t count, tn_range_fn body, void* arg, uint32_t flags = 0) {
  return {sizeof(tn_parallel), flags, count, 1e6, 0, body, arg};
}

Status run(const tn_parallel& work, unsigned threads = 4) {
  return adopt_status(run_parallel(&work, threads));
}

tn_status* nothing(void*, uint32_t, int64_t, int64_t) {
  return nullptr;
}

tn_status* count_items(void* arg, uint32_t, int64_t begin, int64_t end) {
  *static_cast<std::atomic<int64_t>*>(arg) += end - begin;
  return nullptr;
}

}  // namespace

TEST_CASE("bodies see every item once", "[plugins][parallel]") {
  std::atomic<int64_t> items{0};
  REQUIRE(run(work_of(1000, count_items, &items)).is_ok());
  CHECK(items == 1000);
  REQUIRE(run(work_of(0, count_items, &items)).is_ok());
  REQUIRE(run(work_of(-3, count_items, &items)).is_ok());
  CHECK(items == 1000);
}

TEST_CASE("the error of a body is that of the call, and ends the work", "[plugins][parallel]") {
  std::atomic<int64_t> calls{0};
  tn_parallel work = work_of(
      1'000'000,
      [](void* arg, uint32_t, int64_t, int64_t) -> tn_status* {
        ++*static_cast<std::atomic<int64_t>*>(arg);
        return host_table().status_create(TN_INVALID_ARGUMENT, tn_str{"an index is out of range", 24});
      },
      &calls);
  const RunScope scope;
  const Status status = run(work);
  CHECK(status.code() == TN_INVALID_ARGUMENT);
  CHECK(status.message() == "an index is out of range");
  CHECK(calls <= 4);
  CHECK(scope.failure().is_ok());  // the kernel was told
}

TEST_CASE("an exception of a body is an error even for a kernel that drops it", "[plugins][parallel]") {
  const RunScope scope;
  const Status status = run(work_of(
      10, [](void*, uint32_t, int64_t, int64_t) -> tn_status* { throw std::runtime_error("in the body"); }, nullptr));
  CHECK_THAT(status.message(), Contains("in a body of parallel_for: in the body"));
  CHECK(scope.failure().message() == status.message());
}

TEST_CASE("ranges have as many items as the grain says", "[plugins][parallel]") {
  struct Seen {
    std::mutex mutex;
    std::vector<std::pair<int64_t, int64_t>> ranges;
  } seen;
  tn_parallel work = work_of(
      1000,
      [](void* arg, uint32_t, int64_t begin, int64_t end) -> tn_status* {
        Seen& s = *static_cast<Seen*>(arg);
        const std::lock_guard lock(s.mutex);
        s.ranges.emplace_back(begin, end);
        return nullptr;
      },
      &seen);
  work.grain = 300;
  REQUIRE(run(work).is_ok());
  for (const auto& [begin, end] : seen.ranges) CHECK((end - begin >= 300 || end == 1000));
}

TEST_CASE("bodies that are to run at once may wait for each other", "[plugins][parallel]") {
  struct Barrier {
    std::mutex mutex;
    std::condition_variable all_here;
    std::vector<uint32_t> workers;
  } barrier;
  const tn_range_fn wait_for_all = [](void* arg, uint32_t worker, int64_t begin, int64_t end) -> tn_status* {
    Barrier& b = *static_cast<Barrier*>(arg);
    std::unique_lock lock(b.mutex);
    if (end == begin + 1) b.workers.push_back(worker);
    b.all_here.notify_all();
    b.all_here.wait(lock, [&] { return b.workers.size() == 7; });
    return nullptr;
  };
  REQUIRE(run(work_of(7, wait_for_all, &barrier, TN_PARALLEL_ALL_AT_ONCE), 7).is_ok());
  std::sort(barrier.workers.begin(), barrier.workers.end());
  CHECK(barrier.workers == std::vector<uint32_t>{0, 1, 2, 3, 4, 5, 6});
}

TEST_CASE("more bodies at once than workers, unknown flags and no body are refused", "[plugins][parallel]") {
  CHECK(run(work_of(5, nothing, nullptr, TN_PARALLEL_ALL_AT_ONCE), 4).code() == TN_INVALID_ARGUMENT);
  CHECK(run(work_of(5, nothing, nullptr, 1u << 20)).code() == TN_UNSUPPORTED);
  CHECK_THAT(run(work_of(5, nullptr, nullptr)).message(), Contains("body"));
  tn_parallel older = work_of(5, nothing, nullptr);
  older.struct_size = 8;
  CHECK_THAT(run(older).message(), Contains("struct_size"));
  CHECK_FALSE(adopt_status(run_parallel(nullptr, 1)).is_ok());
}

TEST_CASE("inside of a body work stays on its thread, and none runs at once", "[plugins][parallel]") {
  const tn_range_fn outer = [](void*, uint32_t, int64_t, int64_t) -> tn_status* {
    std::atomic<int64_t> items{0};
    const tn_parallel inner = work_of(100, count_items, &items);
    if (tn_status* failed = run_parallel(&inner, 4)) return failed;
    if (items != 100) return host_table().status_create(TN_INTERNAL, tn_str{"items are missing", 17});
    const tn_parallel at_once = work_of(2, nothing, nullptr, TN_PARALLEL_ALL_AT_ONCE);
    return run_parallel(&at_once, 4);
  };
  const Status status = run(work_of(1, outer, nullptr));
  CHECK(status.code() == TN_INVALID_ARGUMENT);
  CHECK_THAT(status.message(), Contains("from inside of a body"));
}
