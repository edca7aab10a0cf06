// Single flight: the right to do something once among all threads and processes of this machine. Between processes a
// Boost.Interprocess file lock, which the kernel drops with its holder; within a process, where such locks do not
// exclude each other, a table. Thread-safe.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>

#include "host/base/status.h"
#include "host/storage/pack/file_ops.h"
#include "host/storage/pack/pack_store.h"

namespace tenon::host {

/// The contract of PackStore::lock_build, with `path` for the key: a file that is made for the lock and removed by who
/// releases it.
Result<PackStore::BuildLock> lock_file(const std::filesystem::path& path, std::chrono::milliseconds patience,
                                       FileOps& files);

/// Removes a lock file that nobody holds, as dead holders leave them.
bool remove_free_lock(const std::filesystem::path& path, FileOps& files);

}  // namespace tenon::host
