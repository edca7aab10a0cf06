// What one run is given beside its inputs.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "host/graph/tensor.h"

namespace tenon::host {

/// Set from any thread to stop the runs that were given it.
class CancelToken {
 public:
  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  bool is_cancelled() const { return cancelled_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> cancelled_{false};
};

/// Memory of the caller that an output goes to, in the form that the output will have.
struct BoundOutput {
  std::string name;
  Tensor memory;  // written to during the run, whatever its constness
};

struct RunOptions {
  const CancelToken* cancel = nullptr;  // must outlive the run
  std::optional<std::chrono::steady_clock::time_point> deadline;
  std::filesystem::path profile;  // Chrome trace of this run; empty: none
  /// False: when the run has ended, arenas and scratch that no other run of the session has go back to the system.
  /// Nothing: as the session was opened.
  std::optional<bool> keep_memory;
  /// Wanted outputs that are written to memory of the caller's. One that is the very memory of an input is its state:
  /// where the kernel that makes it may share that input's memory, nothing is copied, else the result is copied there
  /// in the end. After a failed run such memory may hold parts of both.
  std::vector<BoundOutput> bound;
};

}  // namespace tenon::host
