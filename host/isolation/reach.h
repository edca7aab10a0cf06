// Bytes of this process where a worker reaches them.
#pragma once

#include <cstdint>
#include <memory>

namespace tenon::host {

/// The segment of the shared heap; others are files.
constexpr uint32_t kHeapSegment = 0;

/// See Place in protocol.fbs. Valid as long as `owner` is held.
struct Reached {
  uint32_t segment = kHeapSegment;
  uint64_t offset = 0, bytes = 0;
  std::shared_ptr<const void> owner;
};

}  // namespace tenon::host
