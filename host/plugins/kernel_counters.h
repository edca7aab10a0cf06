// What a kernel counts in one run, for the profile.
#pragma once

#include <tenon/kernel_api/run.h>

#include <atomic>
#include <cstdint>
#include <optional>

namespace tenon::host {

class KernelCounters {
 public:
  /// thread: any
  void add(tn_counter counter, uint64_t amount) {
    counters_[counter].amount.fetch_add(amount, std::memory_order_relaxed);
    counters_[counter].is_told.store(true, std::memory_order_relaxed);
  }
  /// Once the kernel has returned; begins anew. Nothing: it did not count.
  std::optional<uint64_t> take(tn_counter counter) {
    const uint64_t amount = counters_[counter].amount.exchange(0);
    return counters_[counter].is_told.exchange(false) ? std::optional(amount) : std::nullopt;
  }

 private:
  struct Counter {
    std::atomic<uint64_t> amount{0};
    std::atomic<bool> is_told{false};
  };
  Counter counters_[TN_COUNT_BYTES + 1];
};

}  // namespace tenon::host
