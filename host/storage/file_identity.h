// What tells one state of a file from another.
#pragma once

#include <compare>
#include <cstdint>

namespace tenon::host {

/// What tells one state of a file from another.
struct FileIdentity {
  uint64_t device = 0, inode = 0, size = 0;
  int64_t modified_ns = 0, changed_ns = 0;
  auto operator<=>(const FileIdentity&) const = default;
};

}  // namespace tenon::host
