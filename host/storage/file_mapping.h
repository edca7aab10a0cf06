// Read-only shared mappings of whole files: one per file and process, whoever asks. The fault guard answers for their
// pages. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "host/base/status.h"
#include "host/storage/file_descriptor.h"
#include "host/storage/file_identity.h"

namespace tenon::host {

struct FilePart {
  uint64_t offset = 0;
  size_t length = 0;  // within the file
};

class FileMapping {
 public:
  /// Maps a regular file that may be anywhere. Asking again for an unchanged file gives the same mapping.
  static Result<std::shared_ptr<const FileMapping>> open(const std::filesystem::path& path);
  /// Maps `location` (relative, as a model gives it) under `folder`, which must lie beneath `root` (empty: folder
  /// itself). Nothing of it, links included, may lead out of `root`; resolved on file descriptors, so it cannot be
  /// swapped between check and use. A file with several hard links is refused unless a root is named: it may be
  /// another file under a borrowed name. TN_INVALID_MODEL for an escape, TN_NOT_FOUND for a missing file.
  static Result<std::shared_ptr<const FileMapping>> open_beneath(const std::filesystem::path& folder,
                                                                 const std::string& location,
                                                                 const std::filesystem::path& root = {});
  /// Maps the external data of the model at `model` by open_beneath(). Where no root is named and the model is a link,
  /// as in a model hub's cache, its data may also be a link into the folder of the file that the model's link leads to,
  /// or lie there under `location`.
  static Result<std::shared_ptr<const FileMapping>> open_beside(const std::filesystem::path& model,
                                                                const std::string& location,
                                                                const std::filesystem::path& root);

  /// The mapping whose bytes() hold that address; nullptr: none does. thread: any
  static std::shared_ptr<const FileMapping> holding(const void* address);

  virtual ~FileMapping() = default;
  virtual std::span<const std::byte> bytes() const = 0;
  virtual const FileIdentity& identity() const = 0;
  virtual const std::filesystem::path& path() const = 0;
  /// The file once more, for reading; not open where it is gone, or another file by now. thread: any
  virtual FileDescriptor open_again() const = 0;
  /// Hands the bytes of each part to `use`, read rather than mapped: a page that is only looked at once would take
  /// its neighbours, megabytes of them, into the process. thread: any
  virtual void read(std::span<const FilePart> parts,
                    const std::function<void(std::span<const std::byte>)>& use) const = 0;
  /// Gives back the resident pages around `part` of bytes(), which was read for the last time for now. They come back
  /// from the file when touched again. thread: any
  virtual void release_pages(std::span<const std::byte> part) const = 0;
  /// TN_DATA_LOST when the file did not stay as it was opened: it was truncated or written to in place, or a page could
  /// not be read. What was computed from bytes() is then worthless, now and later. A file that was only replaced under
  /// its name or removed is intact. Ask after use; costs a microsecond. thread: any
  virtual Status check_intact() const = 0;
  /// After check_intact() failed. True: only the file's times had changed, `has_same_bytes` says so of bytes(), and it
  /// counts as intact from now on. What was computed before is worthless all the same. thread: any
  virtual bool reaffirm(const std::function<bool(std::span<const std::byte>)>& has_same_bytes) const = 0;
};

}  // namespace tenon::host
