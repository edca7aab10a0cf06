// What `tenon cache verify` finds out about a pack. Thread-safe.
#pragma once

#include <filesystem>
#include <string>

#include "host/base/status.h"
#include "host/storage/pack/pack_store.h"

namespace tenon::tools {

struct Verdict {
  host::Status state;
  std::string stale;   // why no session uses the pack any more; that is no damage
  std::string unread;  // a source that it holds no digest of
};

/// Reads a pack in full, and the files of `source`, the model that it was made from.
Verdict verify_pack(const host::StoredPack& entry, const std::filesystem::path& source);

}  // namespace tenon::tools
