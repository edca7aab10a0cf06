// Writes a file that appears whole or not at all: to a temporary file beside it, which is renamed in the end. For one
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "host/base/status.h"

namespace tenon::host {

class FileWriter {
 public:
  /// Starts what will become `target`, in its folder. TN_INVALID_ARGUMENT when nothing can be made there.
  static Result<std::unique_ptr<FileWriter>> create(const std::filesystem::path& target);
  /// Removes the temporary file unless it was published.
  virtual ~FileWriter() = default;

  /// Appends; TN_INVALID_ARGUMENT says what the system said (a full disk, bytes of a mapping whose file was cut).
  virtual Status write(std::span<const std::byte> bytes) = 0;
  /// Appends zeros up to a multiple of `alignment`.
  virtual Status pad(uint64_t alignment) = 0;
  /// Bytes so far.
  virtual uint64_t size() const = 0;
  /// Syncs and renames to the target, over what is there. Last call.
  virtual Status publish() = 0;
};

}  // namespace tenon::host
