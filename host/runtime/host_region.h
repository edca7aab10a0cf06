// Anonymous page-aligned memory of the host: arenas, scratch and packed weights. Owns its pages. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "host/base/status.h"

namespace tenon::host {

class HostRegion {
 public:
  HostRegion() = default;
  /// At least `bytes` zeroed bytes, backed by the system page by page on first touch. TN_OUT_OF_MEMORY.
  static Result<HostRegion> allocate(uint64_t bytes);
  /// The same without words for a failure, and so without other memory: false.
  static bool try_allocate(uint64_t bytes, HostRegion* region) noexcept;
  HostRegion(HostRegion&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  HostRegion& operator=(HostRegion&& other) noexcept;
  ~HostRegion();

  std::byte* data() const { return data_; }
  uint64_t bytes() const { return bytes_; }
  /// Makes the pages read-only for good.
  Status seal();

 private:
  HostRegion(std::byte* data, uint64_t bytes) : data_(data), bytes_(bytes) {}
  std::byte* data_ = nullptr;
  uint64_t bytes_ = 0;
};

}  // namespace tenon::host
