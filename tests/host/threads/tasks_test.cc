#include "host/threads/tasks.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <vector>

using namespace tenon::host;

TEST_CASE("every task is run once", "[session]") {
  const unsigned threads = GENERATE(1u, 4u);
  std::vector<std::atomic<int>> calls(1000);
  CHECK(run_tasks(calls.size(), threads, [&](size_t i) { return ++calls[i], Status(); }).is_ok());
  for (const auto& count : calls) CHECK(count == 1);
  CHECK(run_tasks(0, threads, [](size_t) { return error(TN_INTERNAL, "called"); }).is_ok());
}

TEST_CASE("the failure of a task is returned and the others run all the same", "[session]") {
  std::atomic<int> calls{0};
  const Status status = run_tasks(100, 4, [&](size_t i) {
    ++calls;
    return i == 50 ? error(TN_DATA_LOST, "task ", i) : Status();
  });
  CHECK(status.code() == TN_DATA_LOST);
  CHECK(status.message() == "task 50");
  CHECK(calls == 100);
}
