// Work that nobody waits for, on a few threads of the process that do nothing else. Thread-safe.
#pragma once

#include <memory>

#include "host/base/status.h"

namespace tenon::host {

class TaskQueue {
 public:
  class Task {
   public:
    virtual ~Task() = default;
    virtual void run() noexcept = 0;

   private:
    friend class TaskQueue;
    std::unique_ptr<Task> next_;
  };

  static TaskQueue& process();

  /// Runs the task, after those before it have begun, on one of at most usable_cpus() threads, which are started on
  /// first need and sleep when there is no task; then destroys it there. TN_OUT_OF_MEMORY, with the task destroyed and
  /// not run: there is no thread, and none can be started.
  Status add(std::unique_ptr<Task> task);

  /// Whether the calling thread is one of a queue's. A task must not wait for another one, which may stand behind it.
  static bool is_own_thread();

 private:
  struct Impl;
  TaskQueue();
  ~TaskQueue();
  Impl* impl_;
};

}  // namespace tenon::host
