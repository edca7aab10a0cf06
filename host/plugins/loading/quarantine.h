// Libraries whose code has ended worker processes too often: they are not loaded any more until the user says so. What
// happened is kept beside the packs, by the digest of the library's bytes, so a new build is a new library.
// Thread-safe.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/base/status.h"

namespace tenon::host {

/// As many crashes put a library into quarantine.
constexpr size_t kCrashesToQuarantine = 3;

struct QuarantinedLibrary {
  std::string digest;
  std::string provider, path;        // as it was at its last crash
  std::vector<std::string> crashes;  // in words, the oldest first
  bool is_barred() const { return crashes.size() >= kCrashesToQuarantine; }
};

/// TN_UNSUPPORTED for a library in quarantine, with its last crash and the mend. Where nothing ever crashed, asks
/// whether a folder is there and no more.
Status check_quarantine(const std::filesystem::path& library);
/// Remembers a crash. Returns what to say of the consequence, to follow the words of the crash; without a folder for it
/// nothing is kept, which it says as well.
std::string note_crash(const std::filesystem::path& library, const std::string& provider, const std::string& what);
/// All that crashed, in quarantine or on the way there.
std::vector<QuarantinedLibrary> list_quarantine();
/// Forgets the crashes of a library, by its provider's name, its path or its digest. TN_NOT_FOUND: none is known by it.
Status lift_quarantine(const std::string& library);

}  // namespace tenon::host
