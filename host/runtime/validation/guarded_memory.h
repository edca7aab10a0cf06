// Memory that tells whether somebody wrote around it: a page of known bytes on either side. Owned; one thread at a
// time.
#pragma once

#include <string>

#include "host/runtime/host_region.h"

namespace tenon::host {

class GuardedMemory {
 public:
  GuardedMemory() = default;
  static constexpr std::byte kGuard{0xC3};
  /// For two tries of one thing: a byte that still differs like these was written by neither.
  static constexpr std::byte kFirstFill{0x5A}, kSecondFill{0xA5};

  /// `bytes` of memory, aligned to 64 bytes, each of value `fill`; those around it are of value `guard`.
  /// TN_OUT_OF_MEMORY.
  static Result<GuardedMemory> allocate(uint64_t bytes, std::byte fill, std::byte guard = kGuard);

  std::byte* data() const { return region_.data() + kGuardBytes; }
  uint64_t bytes() const { return bytes_; }
  /// "3 bytes behind its end"; empty: nobody did.
  std::string trespass() const;

 private:
  static constexpr uint64_t kGuardBytes = 4096;

  HostRegion region_;
  uint64_t bytes_ = 0;
  std::byte guard_ = kGuard;
};

}  // namespace tenon::host
