#include "host/threads/tasks.h"

#include <mutex>

#include "host/base/exceptions.h"
#include "host/threads/thread_pool.h"

namespace tenon::host {
namespace {

constexpr double kTaskCost = 1e6;  // nanoseconds; always worth a thread

}  // namespace

Status run_tasks(size_t count, unsigned threads, const std::function<Status(size_t)>& task) {
  struct Context {
    const std::function<Status(size_t)>& task;
    std::mutex mutex;
    Status failure;
  } context{task, {}, {}};
  ThreadPool::process().parallel_for(
      static_cast<int64_t>(count), kTaskCost, threads,
      [](void* arg, uint32_t, int64_t begin, int64_t end) {
        Context& c = *static_cast<Context*>(arg);
        for (int64_t i = begin; i < end; ++i) {
          const Status status = guarded([&] { return c.task(static_cast<size_t>(i)); });
          if (status.is_ok()) continue;
          std::lock_guard lock(c.mutex);
          if (c.failure.is_ok()) c.failure = status;
        }
      },
      &context);
  return context.failure;
}

}  // namespace tenon::host
