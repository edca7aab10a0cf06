#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <optional>
#include <stdexcept>

#include "conform/kernel/fault.h"
#include "conform/runner/child.h"
#include "conform/runner/schedule.h"
#include "host/base/status.h"

namespace tenon::conform {
namespace {

using Clock = std::chrono::steady_clock;

struct Running {
  size_t task;
  pid_t child;
  int in;   // its outcome
  int log;  // a file without a name that has its standard output and error
  Clock::time_point start, end;
  std::string text;
};

[[noreturn]] void be_child(const Task& task, int out, int log) {
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  // The leader of a group, which is killed with what it has started.
  setpgid(0, 0);
  install_fault_handlers();
  run_child(out, task.run);
}

Running start(const std::vector<Task>& tasks, size_t index) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error(std::string("no pipe: ") + std::strerror(errno));
  const int log = memfd_create("log", MFD_CLOEXEC);
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error(std::string("no process: ") + std::strerror(errno));
  if (child == 0) {
    close(ends[0]);
    be_child(tasks[index], ends[1], log);
  }
  close(ends[1]);
  const auto now = Clock::now();
  return {index, child, ends[0], log, now, now + tasks[index].limit, {}};
}

// The last of what a child wrote, in one line.
std::string tail_of(int log) {
  constexpr off_t kMost = 600;
  const off_t size = lseek(log, 0, SEEK_END);
  std::string text(static_cast<size_t>(std::min(size, kMost)), '\0');
  const ssize_t n = pread(log, text.data(), text.size(), std::max<off_t>(0, size - kMost));
  text.resize(n < 0 ? 0 : static_cast<size_t>(n));
  std::replace(text.begin(), text.end(), '\n', ' ');
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text.empty() ? text : "; it wrote: " + text;
}

Outcome ending(int status, int log) {
  if (WIFSIGNALED(status))
    return Outcome::fail("crash", host::concat("the process of the check was ended by SIG",
                                               sigabbrev_np(WTERMSIG(status)), tail_of(log)));
  return Outcome::fail("ends-process", host::concat("the provider ended the process with exit code ",
                                                    WEXITSTATUS(status), tail_of(log)));
}

TaskResult finish(Running& running, bool is_late, std::chrono::milliseconds limit) {
  TaskResult result;
  const bool is_whole = parse_outcome(running.text, &result.outcome);
  // Whole: it is about to end, unless something keeps it.
  if (is_late || is_whole) kill(-running.child, SIGKILL), kill(running.child, SIGKILL);
  int status = 0;
  while (waitpid(running.child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!is_whole)
    result.outcome = is_late ? Outcome::fail("hang", host::concat("the check did not end within ", limit.count(), " ms",
                                                                  tail_of(running.log)))
                             : ending(status, running.log);
  result.took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - running.start);
  close(running.in);
  close(running.log);
  return result;
}

/// Whether there may be more to come.
bool read_some(Running& running) {
  char buffer[4096];
  const ssize_t n = read(running.in, buffer, sizeof buffer);
  if (n < 0 && errno == EINTR) return true;
  if (n <= 0) return false;
  running.text.append(buffer, static_cast<size_t>(n));
  Outcome outcome;
  return !parse_outcome(running.text, &outcome);
}

class Schedule {
 public:
  Schedule(const std::vector<Task>& tasks, const std::function<void(size_t, const TaskResult&)>& tell)
      : tasks_(tasks), tell_(tell), results_(tasks.size()), is_done_(tasks.size(), false) {}

  std::vector<TaskResult> run(unsigned jobs) {
    while (next_ < tasks_.size() || !running_.empty()) {
      while (running_.size() < jobs && start_one()) {
      }
      if (!running_.empty()) wait();
    }
    return std::move(results_);
  }

 private:
  enum class Readiness { kReady, kWaits, kExcluded };

  Readiness readiness(const Task& task, std::string* why) const {
    for (const size_t need : task.needs) {
      if (!is_done_[need]) return Readiness::kWaits;
      const Outcome& outcome = results_[need].outcome;
      if (outcome.kind == Outcome::Kind::kPass || outcome.kind == Outcome::Kind::kUnsupported) continue;
      *why = outcome.kind == Outcome::Kind::kFail ? tasks_[need].id + " failed" : outcome.message;
      return Readiness::kExcluded;
    }
    return Readiness::kReady;
  }

  // Of the tasks from the first unstarted one on, the next that waits for nobody; false: there is none now.
  bool start_one() {
    constexpr size_t kLookahead = 64;
    while (next_ < tasks_.size() && is_started(next_)) ++next_;
    for (size_t i = next_; i < std::min(tasks_.size(), next_ + kLookahead); ++i) {
      if (is_started(i)) continue;
      std::string why;
      const Readiness state = readiness(tasks_[i], &why);
      if (state == Readiness::kWaits) continue;
      if (state == Readiness::kExcluded) {
        end(i, {Outcome::excluded(why), {}});
      } else {
        running_.push_back(start(tasks_, i));
      }
      return true;
    }
    return false;
  }

  bool is_started(size_t task) const {
    return is_done_[task] ||
           std::any_of(running_.begin(), running_.end(), [&](const Running& r) { return r.task == task; });
  }

  void end(size_t task, TaskResult result) {
    is_done_[task] = true;
    results_[task] = std::move(result);
    tell_(task, results_[task]);
  }

  void wait() {
    std::vector<pollfd> ends;
    auto soonest = Clock::time_point::max();
    for (const Running& r : running_) {
      ends.push_back({r.in, POLLIN, 0});
      soonest = std::min(soonest, r.end);
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(soonest - Clock::now()).count() + 1;
    poll(ends.data(), ends.size(), static_cast<int>(std::clamp<int64_t>(left, 0, 60'000)));
    for (size_t i = running_.size(); i-- > 0;) {
      const bool is_over = ends[i].revents != 0 && !read_some(running_[i]);
      const bool is_late = Clock::now() >= running_[i].end;
      if (!is_over && !is_late) continue;
      Running ended = std::move(running_[i]);
      running_.erase(running_.begin() + static_cast<ptrdiff_t>(i));
      end(ended.task, finish(ended, !is_over, tasks_[ended.task].limit));
    }
  }

  const std::vector<Task>& tasks_;
  const std::function<void(size_t, const TaskResult&)>& tell_;
  std::vector<TaskResult> results_;
  std::vector<bool> is_done_;
  std::vector<Running> running_;
  size_t next_ = 0;
};

}  // namespace

std::vector<TaskResult> run_tasks(const std::vector<Task>& tasks, unsigned jobs,
                                  const std::function<void(size_t, const TaskResult&)>& tell) {
  return Schedule(tasks, tell).run(std::max(1u, jobs));
}

}  // namespace tenon::conform
