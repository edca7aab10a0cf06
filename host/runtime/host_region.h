// Anonymous page-aligned memory of the host: arenas, scratch and packed weights. Owns its pages. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "host/base/status.h"

namespace tenon::host {

/// Where regions are taken from instead of the system: memory that other processes reach, too. Thread-safe.
class RegionSource {
 public:
  virtual ~RegionSource() = default;
  /// Zeroed pages; `bytes`: a multiple of the page's. nullptr: there are none.
  virtual std::byte* take(uint64_t bytes) noexcept = 0;
  /// What take() gave, whole.
  virtual void give_back(std::byte* data, uint64_t bytes) noexcept = 0;
};

class HostRegion {
 public:
  HostRegion() = default;
  /// At least `bytes` zeroed bytes, backed by the system page by page on first touch. TN_OUT_OF_MEMORY.
  /// `source`: nullptr is the system.
  static Result<HostRegion> allocate(uint64_t bytes, const std::shared_ptr<RegionSource>& source = nullptr);
  /// The same without words for a failure, and so without other memory: false.
  static bool try_allocate(uint64_t bytes, HostRegion* region) noexcept;
  HostRegion(HostRegion&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        bytes_(std::exchange(other.bytes_, 0)),
        source_(std::move(other.source_)) {}
  HostRegion& operator=(HostRegion&& other) noexcept;
  ~HostRegion();

  std::byte* data() const { return data_; }
  uint64_t bytes() const { return bytes_; }
  const std::shared_ptr<RegionSource>& source() const { return source_; }
  /// Makes the pages read-only for good.
  Status seal();

 private:
  HostRegion(std::byte* data, uint64_t bytes) : data_(data), bytes_(bytes) {}
  std::byte* data_ = nullptr;
  uint64_t bytes_ = 0;
  std::shared_ptr<RegionSource> source_;  // nullptr: the system
};

}  // namespace tenon::host
