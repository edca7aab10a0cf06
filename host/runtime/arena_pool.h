// Arenas between runs: a run takes one and gives it back. Arenas that no run has taken for a while are returned to the
// system, so a peak does not last. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "host/runtime/host_region.h"

namespace tenon::host {

class ArenaPool {
 public:
  /// An arena in use; goes back to the pool when destroyed.
  class Lease {
   public:
    Lease() = default;
    Lease(ArenaPool* pool, HostRegion region) : pool_(pool), region_(std::move(region)) {}
    Lease(Lease&& other) noexcept : pool_(std::exchange(other.pool_, nullptr)), region_(std::move(other.region_)) {}
    Lease& operator=(Lease&& other) noexcept {
      std::swap(pool_, other.pool_);
      std::swap(region_, other.region_);
      return *this;
    }
    ~Lease() {
      if (pool_ != nullptr) pool_->give_back(std::move(region_));
    }
    std::byte* data() const { return region_.data(); }
    uint64_t bytes() const { return region_.bytes(); }

   private:
    ArenaPool* pool_ = nullptr;
    HostRegion region_;
  };

  /// `source`: of the arenas; nullptr: the system.
  explicit ArenaPool(std::shared_ptr<RegionSource> source = nullptr) : source_(std::move(source)) {}

  /// An arena of at least `bytes`; its contents are undefined. TN_OUT_OF_MEMORY.
  Result<Lease> take(uint64_t bytes);
  /// Returns all arenas that no run has to the system.
  void free_idle();
  /// Where the arenas lie, in use or not; one that is freed meanwhile holds nothing.
  std::vector<std::span<const std::byte>> ranges() const;
  /// Bytes of all arenas, in use or not, now and at most.
  uint64_t bytes() const;
  uint64_t peak_bytes() const;

 private:
  struct Idle {
    HostRegion region;
    uint64_t since;  // the number of the take() after which it came back
  };
  void give_back(HostRegion region);
  /// An arena that is about to be freed counts no more. Holds the mutex.
  void forget(const HostRegion& region);

  const std::shared_ptr<RegionSource> source_;
  mutable std::mutex mutex_;
  std::vector<Idle> idle_;
  std::vector<std::span<const std::byte>> ranges_;
  uint64_t takes_ = 0;
  uint64_t bytes_ = 0;
  uint64_t peak_bytes_ = 0;
};

}  // namespace tenon::host
