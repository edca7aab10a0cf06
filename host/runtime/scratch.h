// Scratch memory of one run: a bump allocator over a few growing regions, emptied after every step. Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "host/runtime/host_region.h"

namespace tenon::host {

class Scratch {
 public:
  /// Memory until reset(); nullptr when the system has none or `limit` bytes in all would be passed. `alignment`: a
  /// power of two, at most 4096. No bytes are answered with a valid pointer.
  void* take(uint64_t bytes, uint64_t alignment, uint64_t limit);
  /// Ends the life of all that was taken; keeps the regions.
  void reset();
  /// Between runs: one region instead of several, or none when the last runs needed far less.
  void tidy() noexcept;
  /// Between runs: returns all memory to the system.
  void free() noexcept;
  const std::vector<HostRegion>& regions() const { return regions_; }
  uint64_t bytes() const { return bytes_; }
  uint64_t peak_bytes() const { return peak_bytes_; }

 private:
  std::vector<HostRegion> regions_;
  size_t current_ = 0;
  uint64_t used_ = 0;        // of the current region
  uint64_t taken_ = 0;       // since reset()
  uint64_t run_peak_ = 0;    // of taken_, since tidy()
  uint64_t peak_bytes_ = 0;  // of taken_, ever
  uint64_t bytes_ = 0;       // of all regions
  unsigned roomy_runs_ = 0;
};

}  // namespace tenon::host
