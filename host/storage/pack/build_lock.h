// Single flight: the right to do something once among all threads and processes of this machine. Between processes a
// Boost.Interprocess file lock, which the kernel drops with its holder; within a process, where such locks do not
// exclude each other, a table. Thread-safe.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>

#include "host/base/status.h"
#include "host/storage/pack/file_ops.h"

namespace tenon::host {

/// The right to build a pack, given up when `lock` dies, or its process does.
struct BuildLock {
  bool has_lock = false;  // false: another still builds
  bool waited = false;    // another was building: find() again before building
  std::shared_ptr<void> lock;
};

/// The contract of PackStore::lock_build, with `path` for the key: a file that is made for the lock and removed by who
/// releases it.
Result<BuildLock> lock_file(const std::filesystem::path& path, std::chrono::milliseconds patience, FileOps& files);

/// Removes a lock file that nobody holds, as dead holders leave them.
bool remove_free_lock(const std::filesystem::path& path, FileOps& files);

}  // namespace tenon::host
