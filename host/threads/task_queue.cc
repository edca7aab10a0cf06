// The queue is never destroyed: its threads are detached and end with the process, which therefore never waits for
// them.
#include "host/threads/task_queue.h"

#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "host/plugins/calls/crash_report.h"
#include "host/threads/thread_pool.h"

namespace tenon::host {
namespace {

thread_local bool serves_queue = false;

}  // namespace

struct TaskQueue::Impl {
  std::mutex mutex;
  std::condition_variable added;
  // All guarded by mutex.
  std::unique_ptr<Task> first;
  Task* last = nullptr;
  unsigned waiting = 0;  // tasks
  unsigned threads = 0;  // started
  unsigned idle = 0;     // threads without a task
  const unsigned most_threads = usable_cpus();

  // Whether there is a thread that will come to the task that is added next. Holds the mutex.
  bool has_thread() {
    if (waiting < idle || threads == most_threads) return true;
    try {
      std::thread([this] { serve(); }).detach();
    } catch (const std::system_error&) {
      return threads > 0;  // the task waits for one of those
    }
    ++threads;
    ++idle;
    return true;
  }

  void push(std::unique_ptr<Task> task) {
    Task* added_task = task.get();
    (last != nullptr ? last->next_ : first) = std::move(task);
    last = added_task;
    ++waiting;
  }

  std::unique_ptr<Task> pop() {
    std::unique_ptr<Task> task = std::move(first);
    first = std::move(task->next_);
    if (first == nullptr) last = nullptr;
    --waiting;
    return task;
  }

  [[noreturn]] void serve() {
    prepare_thread_for_crash_report();
    serves_queue = true;
    std::unique_lock lock(mutex);
    while (true) {
      added.wait(lock, [&] { return first != nullptr; });
      --idle;
      std::unique_ptr<Task> task = pop();
      lock.unlock();
      task->run();
      task.reset();
      lock.lock();
      ++idle;
    }
  }
};

TaskQueue::TaskQueue() : impl_(new Impl) {}
TaskQueue::~TaskQueue() = default;

TaskQueue& TaskQueue::process() {
  static TaskQueue* const queue = new TaskQueue;
  return *queue;
}

bool TaskQueue::is_own_thread() {
  return serves_queue;
}

Status TaskQueue::add(std::unique_ptr<Task> task) {
  {
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->has_thread()) return Status::out_of_memory();
    impl_->push(std::move(task));
  }
  impl_->added.notify_one();
  return {};
}

}  // namespace tenon::host
