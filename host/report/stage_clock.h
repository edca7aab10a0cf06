// Measures the stages of opening a session. Cheap enough to be always on. Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/report/report.h"
#include "host/storage/private_peak.h"

namespace tenon::host {

class StageClock {
 public:
  StageClock() : begin_(Clock::now()), bytes_(anonymous_resident_bytes()) {}
  /// Ends the stage that runs since the last call, or since the clock was made.
  void end_stage(std::string name) {
    const auto now = Clock::now();
    const uint64_t bytes = anonymous_resident_bytes();
    const uint64_t peak = watch_->take(bytes);
    StageTime stage;
    stage.stage = std::move(name);
    stage.milliseconds = std::chrono::duration<double, std::milli>(now - begin_).count();
    stage.private_change = static_cast<int64_t>(bytes) - static_cast<int64_t>(bytes_);
    stage.private_bytes = bytes > bytes_ ? bytes - bytes_ : 0;
    stage.peak_private_bytes = peak > bytes_ ? peak - bytes_ : 0;
    stages_.push_back(std::move(stage));
    begin_ = now;
    bytes_ = bytes;
  }
  std::vector<StageTime> take_stages() { return std::move(stages_); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin_;
  uint64_t bytes_;
  std::unique_ptr<PrivatePeakWatch> watch_ = std::make_unique<PrivatePeakWatch>();
  std::vector<StageTime> stages_;
};

}  // namespace tenon::host
