#include "host/threads/task_queue.h"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <future>
#include <latch>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "host/threads/thread_pool.h"

using tenon::host::TaskQueue;
using tenon::host::usable_cpus;

namespace {

class Call final : public TaskQueue::Task {
 public:
  explicit Call(std::function<void()> function) : function_(std::move(function)) {}
  void run() noexcept override { function_(); }

 private:
  std::function<void()> function_;
};

void add(std::function<void()> function) {
  REQUIRE(TaskQueue::process().add(std::make_unique<Call>(std::move(function))).is_ok());
}

}  // namespace

TEST_CASE("tasks run on threads of the queue, as many at once as there are CPUs", "[threads]") {
  const unsigned most = usable_cpus();
  std::latch all_run(most), all_ended(most);
  std::atomic<unsigned> own{0};
  for (unsigned i = 0; i < most; ++i)
    add([&] {
      own += TaskQueue::is_own_thread();
      all_run.arrive_and_wait();  // each needs a thread of its own
      all_ended.count_down();
    });
  CHECK_FALSE(TaskQueue::is_own_thread());
  all_ended.wait();
  CHECK(own == most);
}

TEST_CASE("tasks beyond the threads wait, and begin in order", "[threads]") {
  const unsigned most = usable_cpus();
  std::latch all_held(most);
  std::promise<void> go;
  const std::shared_future<void> gone = go.get_future().share();
  for (unsigned i = 0; i < most; ++i)
    add([&all_held, gone] {
      all_held.count_down();
      gone.wait();
    });
  all_held.wait();
  constexpr int kTasks = 50;
  std::latch ended(kTasks);
  std::mutex mutex;
  std::map<std::thread::id, std::vector<int>> begun;  // by each thread: they may stop for long behind a task's begin
  for (int i = 0; i < kTasks; ++i)
    add([&, i] {
      {
        const std::lock_guard lock(mutex);
        begun[std::this_thread::get_id()].push_back(i);
      }
      ended.count_down();
    });
  CHECK(begun.empty());
  go.set_value();
  ended.wait();
  size_t count = 0;
  for (const auto& [thread, tasks] : begun) {
    count += tasks.size();
    CHECK(std::is_sorted(tasks.begin(), tasks.end()));
  }
  CHECK(count == kTasks);
}
