// --timeout-ms: runs get a deadline, at which they stop by themselves; a provider that does not let them is named, with
// node and phase, and the command ended. So is one that keeps any single call for longer, such as while a model opens.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

namespace tenon::tools {

/// Watches the process for as long as it lives, from a thread of its own. Used by one thread.
class TimeLimit {
 public:
  using Clock = std::chrono::steady_clock;

  /// `timeout_ms` below 0: no limit, and no thread.
  explicit TimeLimit(int64_t timeout_ms);
  ~TimeLimit();
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;

  /// For RunOptions::timeout(); negative: no limit.
  std::chrono::milliseconds timeout() const { return std::chrono::milliseconds(timeout_ms_); }

  /// A run from construction to destruction, with that time; one at a time.
  class Run {
   public:
    explicit Run(TimeLimit& limit);
    ~Run();
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

   private:
    TimeLimit& limit_;
  };

 private:
  void watch();

  const int64_t timeout_ms_;
  std::mutex mutex_;
  std::condition_variable stopping_;
  bool is_stopping_ = false;                       // guarded by mutex_
  std::optional<Clock::time_point> run_deadline_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace tenon::tools
