// Measures the stages of opening a session. Cheap enough to be always on. Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "host/session/report.h"

namespace tenon::host {

/// Anonymous resident memory of the process, in bytes, from the kernel's running counters: microseconds to read, exact
/// to some pages per thread. 0 when it cannot be read. thread: any.
uint64_t anonymous_resident_bytes();

class StageClock {
 public:
  StageClock() : begin_(Clock::now()), bytes_(anonymous_resident_bytes()) {}
  /// Ends the stage that runs since the last call, or since the clock was made.
  void end_stage(std::string name) {
    const auto now = Clock::now();
    const uint64_t bytes = anonymous_resident_bytes();
    stages_.push_back({std::move(name), std::chrono::duration<double, std::milli>(now - begin_).count(),
                       bytes > bytes_ ? bytes - bytes_ : 0});
    begin_ = now;
    bytes_ = bytes;
  }
  std::vector<StageTime> take_stages() { return std::move(stages_); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin_;
  uint64_t bytes_;
  std::vector<StageTime> stages_;
};

}  // namespace tenon::host
