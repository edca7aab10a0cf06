// What tells one state of a model's files from another: identities, a digest of sampled pages, a digest of all bytes.
// Thread-safe.
#pragma once

#include <string>

#include "host/base/status.h"
#include "host/storage/digest.h"
#include "host/storage/file_mapping.h"

namespace tenon::host {

/// "device:inode:size:modified:changed", times in nanoseconds: another text for another state of the file, as far as
/// the system's own clock tells.
std::string identity_text(const FileIdentity& identity);

/// Of the first page, the last, and some between them: what a copy of a file with kept times would get wrong.
Digest sampled_digest(const FileMapping& file);
/// Of all bytes. Reads the whole file, and gives back the pages as it goes.
Result<Digest> full_digest(const FileMapping& file);

}  // namespace tenon::host
