// The highest private memory of the process between two moments. The kernel keeps no such mark for private memory
// alone, and its mark for all memory is the application's: so the process's anonymous memory is read at the moments
// that can be its highest, which are the ends of what is watched and those just before a large block is given back.
// Thread-safe; what other threads hold counts too.
#pragma once

#include <cstdint>

namespace tenon::host {

/// Anonymous resident memory of the process, in bytes, from the kernel's running counters: microseconds to read, exact
/// to some pages per thread. 0 when it cannot be read.
uint64_t anonymous_resident_bytes();

/// Blocks from this size on are announced by note_private_peak() before they are freed.
constexpr uint64_t kNotedBytes = uint64_t{1} << 20;

/// To be called before memory is given back. Costs nothing while nobody watches.
void note_private_peak();

class PrivatePeakWatch {
 public:
  PrivatePeakWatch();
  ~PrivatePeakWatch();
  PrivatePeakWatch(const PrivatePeakWatch&) = delete;
  PrivatePeakWatch& operator=(const PrivatePeakWatch&) = delete;

  /// The highest bytes noted since the watch began or was asked last; `now`: the bytes at this moment.
  uint64_t take(uint64_t now);

 private:
  friend void note_private_peak();
  uint64_t highest_ = 0;
};

}  // namespace tenon::host
