// The names in a store's folder, and what is done to its files as a whole: list and clean up. Thread-safe, and safe
// between processes.
//
//   <digest of the key>.tpack   a pack
//   used/<digest>.used          empty; its time is the last use of that pack. A pack's own times are its identity.
//   facts/<digest>.fact         what was proven on this machine
//   locks/<digest>.lock         being built; removed by who releases it
//   published/<name>.tpack      a self-contained pack under a name that a user gave; never evicted
//   <drawn>.tmp                 being written, also in published/
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/storage/pack/file_ops.h"
#include "host/storage/pack/stored_pack.h"

namespace tenon::host {

class PackFolder {
 public:
  PackFolder(std::filesystem::path path, FileOps& files) : path_(std::move(path)), files_(files) {}

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path pack_path(const std::string& key) const;
  std::filesystem::path lock_path(const std::string& key) const;
  std::filesystem::path locks() const { return path_ / "locks"; }
  std::filesystem::path facts() const { return path_ / "facts"; }
  std::filesystem::path published() const { return path_ / "published"; }
  /// Of a name that PackStore::check_name() accepts.
  std::filesystem::path published_path(const std::string& name) const;
  bool is_pack_path(const std::filesystem::path& path) const;

  void count_use(const std::filesystem::path& pack) const;
  std::vector<StoredPack> list() const;
  Status remove(const std::filesystem::path& pack) const;

  /// Of builders that died: what they were writing.
  CollectedFiles remove_leftovers() const;
  /// Locks that nobody holds, marks of use of packs that are gone, packs that are damaged and not in use.
  CollectedFiles remove_stale() const;
  /// Least recently used packs, until those left have `max_bytes` together. What is in use stays.
  CollectedFiles evict_past(uint64_t max_bytes) const;
  /// Evicts until a pack of `bytes` more fits under `max_bytes`; gives how many fit then. TN_UNSUPPORTED: too few, or
  /// the file system has less free.
  Result<uint64_t> make_room(uint64_t bytes, uint64_t max_bytes) const;

 private:
  uint64_t bytes_in(const std::filesystem::path& folder) const;
  std::filesystem::path use_path(const std::filesystem::path& pack) const;
  bool remove_unused_pack(const std::filesystem::path& pack) const;

  std::filesystem::path path_;
  FileOps& files_;
};

}  // namespace tenon::host
