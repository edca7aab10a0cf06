// The descriptor behind a lock file. Thread-safe.
#pragma once

#include <filesystem>

#include "host/base/status.h"
#include "host/storage/file_descriptor.h"
#include "host/storage/pack/file_ops.h"

namespace tenon::host {

/// Opens a lock file, which is made when it is missing. TN_UNSUPPORTED with the reason when that cannot be done.
Result<FileDescriptor> open_lock_descriptor(const std::filesystem::path& path, FileOps& files);
/// `path` names the very file that is open: nobody removed it or put another in its place.
bool is_named(const FileDescriptor& file, const std::filesystem::path& path);

}  // namespace tenon::host
