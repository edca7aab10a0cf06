// A pack file (`.tpack`), mapped read-only: the key it was made from, sections of plan data, aligned blobs. Immutable
// once published. Thread-safe. While a PackFile lives, its file is marked in use and no store evicts it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "host/base/status.h"
#include "host/storage/file_mapping.h"
#include "host/storage/pack/file_mark.h"

namespace tenon::host {

class PackFile {
 public:
  /// Maps a pack and verifies header, contents table and sections in full; its blobs too when `verify_blobs`. The owner
  /// of the file is not judged: PackStore::open_file does. Asking again for an unchanged file that is still open gives
  /// the same PackFile, verified anew.
  /// TN_NOT_FOUND: no such file. TN_INVALID_MODEL: what is wrong with the file. TN_UNSUPPORTED: a pack of another
  /// format version.
  static Result<std::shared_ptr<const PackFile>> open(const std::filesystem::path& path, bool verify_blobs);

  virtual ~PackFile() = default;
  /// All inputs that the pack was made from, as text ("name=value" lines); its digest names the file in a cache.
  virtual const std::string& key() const = 0;
  /// The bytes of a section, 64-byte aligned; empty when there is none of that name. Live as long as the PackFile.
  virtual std::span<const std::byte> section(std::string_view name) const = 0;
  virtual size_t blob_count() const = 0;
  /// The bytes of blob `index` < blob_count(), aligned as add_blob() asked, 64 bytes at least. Live as long as the
  /// PackFile. Not verified unless somebody did.
  virtual std::span<const std::byte> blob(size_t index) const = 0;
  /// What blob `index` is, for reports: "packed conv1_w".
  virtual const std::string& blob_label(size_t index) const = 0;
  /// Reads every blob and holds it against its checksum. TN_INVALID_MODEL names the first that differs. The file is
  /// read, not touched through the mapping, so that no page of it becomes resident here and a bad disk is an error.
  virtual Status verify_blobs() const = 0;
  /// The file's path, identity and all of its bytes.
  virtual const FileMapping& mapping() const = 0;
};

/// As PackFile::open without blobs; TN_UNSUPPORTED when `rule` refuses the file.
Result<std::shared_ptr<const PackFile>> open_pack(const std::filesystem::path& path, OwnerRule rule);

}  // namespace tenon::host
