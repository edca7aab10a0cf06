// A file that is written under a name of its own and then renamed into place whole. One thread at a time, but for
// write().
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "host/base/status.h"
#include "host/storage/file_descriptor.h"
#include "host/storage/pack/file_ops.h"

namespace tenon::host {

/// Ends the name of every temporary file.
constexpr char kTemporarySuffix[] = ".tmp";

/// TN_UNSUPPORTED: `what` (a sentence's begin: "cannot write") failed for `path` with errno `number`; says the mend.
Status file_failure(const char* what, const std::filesystem::path& path, int number);

class TemporaryFile {
 public:
  /// Marked in use as long as it is open, so that leftovers of the dead can be told from it. Removed by the destructor
  /// unless it was renamed.
  static Result<std::unique_ptr<TemporaryFile>> create(const std::filesystem::path& folder, FileOps& files);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  /// All of `bytes`. thread: any, for parts that do not overlap
  Status write(std::span<const std::byte> bytes, uint64_t offset);
  Status sync();
  Status rename_to(const std::filesystem::path& target);
  /// Of the file as it is now.
  Result<FileIdentity> identity() const;

 private:
  TemporaryFile(FileDescriptor descriptor, std::filesystem::path path, FileOps& files)
      : descriptor_(std::move(descriptor)), path_(std::move(path)), files_(files) {}

  FileDescriptor descriptor_;
  std::filesystem::path path_;
  FileOps& files_;
  bool renamed_ = false;
};

}  // namespace tenon::host
