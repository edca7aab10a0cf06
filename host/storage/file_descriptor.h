// Opening of files by descriptor, so that what is checked is what is used. The descriptors only identify a file
// (nothing is read through them), so that opening a FIFO or a device neither hangs nor has an effect. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "host/base/status.h"
#include "host/storage/file_identity.h"

namespace tenon::host {

/// Owns a descriptor; -1 is none.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor();

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  /// A path that opens the same inode again, whatever happens to its names meanwhile.
  std::string reopen_path() const;
  /// The same inode, opened for reading where this one only names it; not open when that is refused.
  FileDescriptor reopen_to_read() const;
  /// Fills `bytes` from `offset` on. False: the file ends before, or cannot be read.
  bool read_exactly(uint64_t offset, std::span<std::byte> bytes) const;
  /// The absolute path, free of links, that the file has now. TN_INTERNAL without /proc.
  Result<std::string> real_path() const;

 private:
  int fd_ = -1;
};

/// What is known of the file of this name now, links followed; nothing when there is none.
std::optional<FileIdentity> identity_of_path(const std::string& path);

struct OpenedFile {
  FileDescriptor descriptor;
  FileIdentity identity;
  std::string real_path;  // absolute, free of links, at the time of opening
  uint64_t hard_links = 1;
};

/// A regular file anywhere. TN_NOT_FOUND when missing, TN_INVALID_ARGUMENT for a folder or a special file.
Result<OpenedFile> open_regular_file(const std::filesystem::path& path);
/// The contract of FileMapping::open_beneath, short of the mapping.
Result<OpenedFile> open_regular_file_beneath(const std::filesystem::path& folder, const std::string& location,
                                             const std::filesystem::path& root);
/// The contract of FileMapping::open_beside, short of the mapping.
Result<OpenedFile> open_data_file(const std::filesystem::path& model, const std::string& location,
                                  const std::filesystem::path& root);

/// What became of a path that had to stay beneath a folder: a descriptor (O_PATH), or the errno. EXDEV: it leads out.
struct BeneathResult {
  FileDescriptor descriptor;
  int error_number = 0;
};
/// Asks the kernel (openat2); ENOSYS where it cannot.
BeneathResult resolve_beneath_by_kernel(const FileDescriptor& root, const std::string& path);
/// Walks the components on descriptors. Follows absolute links too, when they point beneath `root_path`, the real
/// path of `root`.
BeneathResult resolve_beneath_by_walk(const FileDescriptor& root, const std::string& root_path,
                                      const std::string& path);

}  // namespace tenon::host
