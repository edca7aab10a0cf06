// What the user wants of pack files: options of a session.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>

namespace tenon::host {

enum class PackMode {
  kAuto,      // use a pack, and make it when there is none
  kReadOnly,  // use a pack, never write
  kOff
};

struct PackOptions {
  std::optional<PackMode> mode;  // nothing: auto
  std::filesystem::path folder;  // empty: default_cache_folder()
  uint64_t max_bytes = 0;        // of all packs in the folder; 0: as PackStoreOptions
  /// Reads and judges every byte of a pack at every open.
  bool verify_always = false;
  /// How long to wait for another process that packs the same model, before going on with private packed weights.
  std::chrono::milliseconds patience{30'000};
  /// Models whose files are smaller in all are opened from their source: that takes no longer.
  uint64_t min_source_bytes = 256 << 10;
};

}  // namespace tenon::host
