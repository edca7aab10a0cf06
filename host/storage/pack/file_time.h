// Times of last use, kept as a file's time of modification. They order what is evicted and decide nothing else: a clock
// may be set back. Thread-safe.
#pragma once

#include <chrono>
#include <filesystem>

#include "host/storage/file_mapping.h"

namespace tenon::host {

inline std::chrono::system_clock::time_point time_of(const FileIdentity& identity) {
  using std::chrono::system_clock;
  return system_clock::time_point(
      std::chrono::duration_cast<system_clock::duration>(std::chrono::nanoseconds(identity.modified_ns)));
}

/// The file's time of modification; the epoch when it has none, or one in the future: what is used again gets a right
/// one, and what is not must not stay until the clock is there.
std::chrono::system_clock::time_point last_used(const std::filesystem::path& path);

}  // namespace tenon::host
