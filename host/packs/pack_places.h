// The places where a user's packs lie: the cache folder, and shared memory, where packs go that the folder cannot take
// because it cannot be made, is only to be read, or its disk is full. Both are stores, by the same code. A folder that
// is merely unsafe (a link, writable by others) has no substitute: its owner can mend it. Used by one thread while a
// session opens.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/packs/pack_options.h"
#include "host/storage/pack/pack_store.h"

namespace tenon::host {

/// The store in shared memory. It takes at most a quarter of the memory that this process may use, and never more than
/// is free there. Errors as of PackStore::open.
Result<std::unique_ptr<PackStore>> open_shared_store(const PackOptions& packs, bool read_only);

class PackPlaces {
 public:
  /// `packs` with their environment applied. Only kAuto writes.
  explicit PackPlaces(const PackOptions& packs);

  /// In the order in which they are to be asked for a pack.
  std::vector<PackStore*> stores() const;
  /// Where what was proven on this machine is kept; nullptr when there is no store.
  PackStore* facts() const;
  /// Why there is no store.
  Status failure() const;

  Result<BuildLock> lock_build(const std::string& key);
  /// Has `fill` write the pack of `key` and publishes it. `fill` is called again when it must go to shared memory.
  using Fill = std::function<Status(PackWriter&)>;
  Result<std::shared_ptr<const PackFile>> build(const std::string& key, const Fill& fill);
  /// What the report says of a pack: that it lies in shared memory, and why.
  std::string note_on(const PackFile& pack) const;

 private:
  bool disk_is_writable() const { return disk_ != nullptr && no_disk_.is_ok(); }
  Status open_memory(bool read_only);

  const PackOptions packs_;
  std::unique_ptr<PackStore> disk_, memory_;
  bool memory_is_writable_ = false;
  Status no_disk_, no_memory_;  // why no pack can be written there
};

}  // namespace tenon::host
