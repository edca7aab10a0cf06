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

/// No digest is taken of larger files while a model opens: reading more takes longer than all else, and identities tell
/// the files of this machine apart.
constexpr uint64_t kMostDigestedBytes = uint64_t{512} << 20;

/// Of the digests of all pieces of a few megabytes: another one than full_digest(), but taken on all threads, and read
/// without a page of the mapping becoming the process's.
Result<Digest> piecewise_digest(const FileMapping& file, unsigned threads);
/// The same of bytes that are at hand.
Digest piecewise_digest(std::span<const std::byte> bytes);

}  // namespace tenon::host
