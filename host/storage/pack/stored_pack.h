// What a list of the packs in a folder tells, and what cleaning it up removed.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include "host/base/status.h"

namespace tenon::host {

struct StoredPack {
  std::filesystem::path path;
  uint64_t bytes = 0;
  std::chrono::system_clock::time_point used;  // last; by a clock that may have been set
  std::string key;                             // empty when the pack is damaged
  std::string published_name;                  // empty: it has none
  Status state;                                // of header, contents table and sections
  bool in_use = false;                         // some process has it open
};

struct CollectedFiles {
  uint64_t files = 0, bytes = 0;
};

}  // namespace tenon::host
