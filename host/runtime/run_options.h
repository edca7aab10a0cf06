// What one run is given beside its inputs.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <optional>

namespace tenon::host {

/// Set from any thread to stop the runs that were given it.
class CancelToken {
 public:
  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  bool is_cancelled() const { return cancelled_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> cancelled_{false};
};

struct RunOptions {
  const CancelToken* cancel = nullptr;  // must outlive the run
  std::optional<std::chrono::steady_clock::time_point> deadline;
  std::filesystem::path profile;  // Chrome trace of this run; empty: none
};

}  // namespace tenon::host
