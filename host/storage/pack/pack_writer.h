// Writes a pack to a temporary file and publishes it whole. Blobs go straight to the file, so memory is bounded by what
// the caller holds. write_blob() may be called from several threads at once, everything else by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "host/base/status.h"
#include "host/storage/file_mapping.h"
#include "host/storage/pack/file_ops.h"

namespace tenon::host {

/// Asked when a pack is to be longer than what was granted before: makes room for a file of that many bytes, and gives
/// how long it may become (at least as asked), or the status to refuse it with.
using PackRoom = std::function<Result<uint64_t>(uint64_t bytes)>;

/// Once a write failed, every later call fails the same way. A full or read-only disk is TN_UNSUPPORTED, with the
/// reason.
class PackWriter {
 public:
  /// In `folder`, which must exist. `key`: what PackFile::key() gives. The temporary file is removed unless publish()
  /// succeeds; that of a killed process is removed by the next PackStore::publish() or collect(). `files` must outlive
  /// the writer.
  static Result<std::unique_ptr<PackWriter>> create(const std::filesystem::path& folder, std::string key,
                                                    FileOps& files = FileOps::posix(), PackRoom room = {});

  virtual ~PackWriter() = default;
  /// Reserves room; blobs are numbered from 0 in this order. alignment: power of two, 64..4096; label: at most 1024
  /// bytes. TN_INVALID_ARGUMENT otherwise.
  virtual Result<uint32_t> add_blob(uint64_t byte_length, uint32_t alignment, std::string label) = 0;
  /// Writes a whole blob, once each; `bytes` is as long as was reserved. thread: any
  virtual Status write_blob(uint32_t index, std::span<const std::byte> bytes) = 0;
  /// Writes a section under a name of its own.
  virtual Status add_section(std::string name, std::span<const std::byte> bytes) = 0;
  /// Completes, syncs and renames to `target` (in the same folder), which is replaced; then syncs the folder. Every
  /// reserved blob must be written. Nothing can be added afterwards.
  virtual Status publish(const std::filesystem::path& target) = 0;
  /// The first failure of the file system or of `room`: what may succeed in another place.
  virtual Status failed_to_write() const = 0;
  /// The identity of the file as publish() left it.
  virtual const FileIdentity& published() const = 0;
};

}  // namespace tenon::host
