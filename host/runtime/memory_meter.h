// Counts memory that values of a run share, whichever slots and lists they are in: once, and as long as anything holds
// it, be it after the run. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "host/graph/tensor.h"

namespace tenon::host {

class MemoryMeter {
 public:
  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  friend class MemoryCharge;
  std::atomic<uint64_t> bytes_{0};
};

/// Counts `bytes` as long as the result lives. `meter` may be null: nothing counts.
std::shared_ptr<const void> charge(std::shared_ptr<MemoryMeter> meter, uint64_t bytes);
/// The tensor, whose bytes count as long as its owner lives. One that is charged already is itself.
Tensor charged(const Tensor& tensor, std::shared_ptr<MemoryMeter> meter);
bool is_charged(const Tensor& tensor);

}  // namespace tenon::host
