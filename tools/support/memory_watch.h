// Watches how much private memory the process holds beyond what it held when the watch began. Used by one thread; a
// thread of its own samples the peak.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace tenon::tools {

/// Zeros where the system does not tell.
struct MemoryGrowth {
  uint64_t private_bytes = 0;
  uint64_t peak_private_bytes = 0;
};

class MemoryWatch {
 public:
  MemoryWatch();
  ~MemoryWatch();
  MemoryWatch(const MemoryWatch&) = delete;
  MemoryWatch& operator=(const MemoryWatch&) = delete;

  /// Takes the last sample and stops sampling.
  MemoryGrowth finish();

 private:
  void sample();

  const uint64_t start_;
  uint64_t peak_ = 0;
  bool stopped_ = false;
  std::mutex mutex_;
  std::condition_variable stop_;
  std::thread thread_;
};

}  // namespace tenon::tools
