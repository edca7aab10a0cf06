// Runs checks, each in a process of its own with a time limit, some at once. Used by one thread of a process without
// others.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "conform/checks/outcome.h"

namespace tenon::conform {

struct Task {
  std::string id;                // "memory/Relu-14"
  std::string asks;              // what it asks of the provider, in a sentence
  std::function<Outcome()> run;  // in the child
  std::vector<size_t> needs;     // tasks before this one; it is excluded unless all of them pass or are unsupported
  std::chrono::milliseconds limit{30'000};
};

struct TaskResult {
  Outcome outcome;
  std::chrono::milliseconds took{0};
};

/// One result per task. `tell` hears of each as it ends. A process that ends by itself or passes its limit has failed:
/// "crash", "ends-process", "hang", with the last of what it wrote to its standard error.
std::vector<TaskResult> run_tasks(const std::vector<Task>& tasks, unsigned jobs,
                                  const std::function<void(size_t, const TaskResult&)>& tell);

}  // namespace tenon::conform
