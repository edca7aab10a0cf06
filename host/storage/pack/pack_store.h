// The folder of a user's packs: find, build once, publish, evict. Thread-safe, and safe between processes. Readers take
// no lock. Any doubt about a pack is a miss with its reason; no failure here need fail the open of a model.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/storage/pack/build_lock.h"
#include "host/storage/pack/file_ops.h"
#include "host/storage/pack/pack_file.h"
#include "host/storage/pack/pack_writer.h"
#include "host/storage/pack/stored_pack.h"

namespace tenon::host {

/// The bytes that all packs of a folder may have together.
inline constexpr char kCacheSizeVariable[] = "TENON_CACHE_MAX_BYTES";

struct PackStoreOptions {
  std::filesystem::path folder;  // empty: TENON_CACHE_DIR, else $XDG_CACHE_HOME/tenon, else ~/.cache/tenon
  uint64_t max_bytes = 0;        // 0: TENON_CACHE_MAX_BYTES, else 64 GiB
  bool verify_always = false;    // read and judge every blob at every open
  /// Not 0: neither this nor `max_bytes` nor what the file system has free is exceeded at any time: packs that are not
  /// in use make room before a new one is written, and what still does not fit is TN_UNSUPPORTED.
  uint64_t hard_max_bytes = 0;
};

class PackStore {
 public:
  /// Makes the folder (0700) when it is missing. TN_UNSUPPORTED with the reason when it cannot be used: not ours
  /// (another owner, writable by group or others, a symbolic link), missing and not to be made. A folder that can only
  /// be read still serves find(). `read_only`: nothing is made or written, and what would be is TN_UNSUPPORTED. `files`
  /// must outlive the store.
  static Result<std::unique_ptr<PackStore>> open(const PackStoreOptions& options, bool read_only,
                                                 FileOps& files = FileOps::posix());

  virtual ~PackStore() = default;
  virtual const std::filesystem::path& folder() const = 0;
  /// The size cap of all packs together.
  virtual uint64_t max_bytes() const = 0;
  /// The pack of this key; TN_NOT_FOUND with the reason for a miss: none, damaged and how, not ours, another key under
  /// that digest. Blobs are verified when the pack file's identity is new on this machine, then that is remembered. A
  /// hit counts as use.
  virtual Result<std::shared_ptr<const PackFile>> find(const std::string& key) = 0;
  /// Any pack file, beside a model or named by the user, under the same rule of verification and memory. Must be owned
  /// by this user or root, and not writable by group or others; else TN_UNSUPPORTED. Other errors as PackFile::open.
  virtual Result<std::shared_ptr<const PackFile>> open_file(const std::filesystem::path& path) = 0;

  /// Facts proven once on this machine ("source <identity> has digest ..."), kept beside the packs. At most 4096 bytes
  /// of text each. A fact that cannot be kept or read is not known, and the log says why.
  virtual bool knows(const std::string& fact) = 0;
  virtual void remember(const std::string& fact) = 0;

  /// Single flight, between threads and processes: waits at most `patience` for another builder of `key`; a dead
  /// holder's lock is free at once. TN_UNSUPPORTED: no lock can be made here, with the reason.
  virtual Result<BuildLock> lock_build(const std::string& key, std::chrono::milliseconds patience) = 0;
  /// A writer for the pack of `key`, to be handed to publish().
  virtual Result<std::unique_ptr<PackWriter>> create(const std::string& key) = 0;
  /// Makes it the pack of its key and opens it; then evicts least recently used packs past the size cap.
  virtual Result<std::shared_ptr<const PackFile>> publish(std::unique_ptr<PackWriter> writer,
                                                          const std::string& key) = 0;

  /// Self-contained packs under names that users give. They are never evicted; a second one of a name replaces the
  /// first, which stays with who has it open. TN_INVALID_ARGUMENT for what is no name: 1 to 128 letters, digits, '.',
  /// '_' or '-', and no '.' first. `create_named` gives a writer to be handed to `publish_named`.
  virtual Result<std::unique_ptr<PackWriter>> create_named(const std::string& name, const std::string& key) = 0;
  virtual Result<std::shared_ptr<const PackFile>> publish_named(std::unique_ptr<PackWriter> writer,
                                                                const std::string& name) = 0;
  /// Verified as by find(). TN_NOT_FOUND: nothing has that name.
  virtual Result<std::shared_ptr<const PackFile>> find_named(const std::string& name) = 0;
  virtual Status remove_named(const std::string& name) = 0;
  static Status check_name(const std::string& name);

  /// Every pack of the folder, the most recently used first.
  virtual std::vector<StoredPack> list() = 0;
  /// Removes a pack of this folder. Who has it open keeps it. TN_NOT_FOUND, or TN_INVALID_ARGUMENT for another file.
  virtual Status remove(const std::filesystem::path& path) = 0;

  /// Removes leftovers of dead builders, damaged packs, stale facts and locks, and least recently used packs past
  /// `max_bytes`; never a pack that some process has open.
  virtual Result<CollectedFiles> collect(uint64_t max_bytes) = 0;
};

}  // namespace tenon::host
