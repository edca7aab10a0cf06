// What the user wants of pack files: options of a session, and environment variables for those left open.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "host/base/status.h"

namespace tenon::host {

enum class PackMode {
  kAuto,      // use a pack, and make it when there is none
  kReadOnly,  // use a pack, never write
  kOff
};

struct PackOptions {
  std::optional<PackMode> mode;  // nothing: TENON_PACK=auto|readonly|off, else auto
  std::filesystem::path folder;  // empty: TENON_CACHE_DIR, $XDG_CACHE_HOME/tenon, ~/.cache/tenon
  uint64_t max_bytes = 0;        // of all packs in the folder; 0: TENON_CACHE_MAX_BYTES, else 64 GiB
  /// Reads and judges every byte of a pack at every open; TENON_PACK_VERIFY=always does for every session.
  bool verify_always = false;
  /// How long to wait for another process that packs the same model, before going on with private packed weights.
  std::chrono::milliseconds patience{30'000};
  /// Models whose files are smaller in all are opened from their source: that takes no longer.
  uint64_t min_source_bytes = 256 << 10;
};

/// The options with the environment applied. TN_INVALID_ARGUMENT names a variable whose value is not known.
Result<PackOptions> resolve_pack_options(PackOptions options);

}  // namespace tenon::host
