// Opening of files whose owner matters, and the mark that says that some process has a file open: a shared flock. It
// belongs to the open file, not to the process: no close() of another descriptor of the same file releases it, a child
// inherits it together with the mapping, and the kernel drops it with the last of its holders however they end. The
// mark protects from eviction only; a reader is right without it, as the kernel keeps a removed file's bytes while it
// is mapped. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include "host/base/status.h"
#include "host/storage/file_descriptor.h"
#include "host/storage/pack/file_ops.h"

namespace tenon::host {

/// Whose file it may be. kThisUser also refuses symbolic links; both refuse what group or others may write to.
enum class OwnerRule { kAnybody, kThisUser, kThisUserOrRoot };

struct MarkedFile {
  FileDescriptor descriptor;  // for reading; holds the mark
  FileIdentity identity;
};

/// A regular file. TN_NOT_FOUND when missing, TN_UNSUPPORTED when the rule or the system refuses it.
Result<MarkedFile> open_marked(const std::filesystem::path& path, OwnerRule rule);
/// Marks an open file. False when it was removed meanwhile, or is about to be.
bool mark_in_use(const FileDescriptor& file);
/// Some process, this one counted, has a mark on the file. False when that cannot be told.
bool is_in_use(const std::filesystem::path& path);
/// Removes a file without a mark. False when it is in use or cannot be removed.
bool remove_unused(const std::filesystem::path& path, FileOps& files);

Result<FileIdentity> identity_of(const FileDescriptor& file);
/// The file's last change lies behind the system's clock for file times, so that a later one gets another time. Waits
/// for one tick of it, some milliseconds, if need be.
void wait_until_settled(const FileIdentity& identity);
/// Fills `bytes` from the file at `offset`. TN_DATA_LOST: the file ends before, or its disk fails.
Status read_at(const FileDescriptor& file, std::span<std::byte> bytes, uint64_t offset);

}  // namespace tenon::host
