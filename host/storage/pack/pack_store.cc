#include "host/storage/pack/pack_store.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "host/base/log.h"
#include "host/storage/pack/build_lock.h"
#include "host/storage/pack/cache_folder.h"
#include "host/storage/pack/fact_store.h"
#include "host/storage/pack/pack_file.h"
#include "host/storage/pack/pack_folder.h"
#include "host/storage/pack/pack_format.h"

namespace tenon::host {
namespace {

constexpr uint64_t kDefaultMaxBytes = uint64_t{64} << 30;
constexpr size_t kMaxFacts = 4096;

Result<uint64_t> size_cap(uint64_t asked) {
  if (asked != 0) return asked;
  const char* text = std::getenv(kCacheSizeVariable);
  if (text == nullptr || *text == '\0') return kDefaultMaxBytes;
  uint64_t value = 0;
  const char* end = text + std::strlen(text);
  const auto parsed = std::from_chars(text, end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end)
    return error(TN_UNSUPPORTED, kCacheSizeVariable, " is '", text, "', expected a number of bytes");
  return value;
}

// The whole identity and the header with its checksums: neither a rewritten file nor one moved here is taken for it.
std::string verified_fact(const PackFile& pack) {
  const FileIdentity& file = pack.mapping().identity();
  const auto header = digest_of(pack.mapping().bytes().first(kPackHeaderBytes));
  return concat("pack verified: device ", file.device, " inode ", file.inode, " size ", file.size, " modified ",
                file.modified_ns, " changed ", file.changed_ns, " header ", to_hex(header));
}

class FolderPackStore final : public PackStore {
 public:
  FolderPackStore(const PackStoreOptions& options, std::filesystem::path folder, bool read_only, FileOps& files)
      : folder_(std::move(folder), files),
        facts_(folder_.facts(), files),
        files_(files),
        max_bytes_(options.max_bytes),
        verify_always_(options.verify_always),
        bounded_(options.hard_max_bytes != 0),
        read_only_(read_only) {}

  const std::filesystem::path& folder() const override { return folder_.path(); }
  uint64_t max_bytes() const override { return max_bytes_; }

  Result<std::shared_ptr<const PackFile>> find(const std::string& key) override {
    const auto path = folder_.pack_path(key);
    auto pack = open_judged(path, OwnerRule::kThisUser);
    if (pack.status().code() == TN_NOT_FOUND)
      return error(TN_NOT_FOUND, "no pack of this model in '", folder().string(), "'");
    if (!pack.is_ok()) return error(TN_NOT_FOUND, pack.status().message());
    if ((*pack)->key() != key)
      return error(TN_NOT_FOUND, path.string(), ": the pack has another key than its name says");
    if (!read_only_) folder_.count_use(path);
    return pack;
  }

  Result<std::shared_ptr<const PackFile>> open_file(const std::filesystem::path& path) override {
    return open_judged(path, OwnerRule::kThisUserOrRoot);
  }

  bool knows(const std::string& fact) override { return facts_.knows(fact); }

  void remember(const std::string& fact) override {
    if (read_only_) return;
    if (const Status kept = facts_.remember(fact); !kept.is_ok())
      log(TN_LOG_INFO, "what was proven must be proven again at the next open: ", kept.message());
  }

  Result<BuildLock> lock_build(const std::string& key, std::chrono::milliseconds patience) override {
    TENON_RETURN_IF_ERROR(prepare_to_write());
    TENON_RETURN_IF_ERROR(make_private_folder(folder_.locks(), files_));
    return lock_file(folder_.lock_path(key), patience, files_);
  }

  Result<std::unique_ptr<PackWriter>> create(const std::string& key) override {
    TENON_RETURN_IF_ERROR(prepare_to_write());
    return create_in(folder(), key);
  }

  Result<std::shared_ptr<const PackFile>> publish(std::unique_ptr<PackWriter> writer, const std::string& key) override {
    TENON_RETURN_IF_ERROR(prepare_to_write());
    const auto path = folder_.pack_path(key);
    TENON_ASSIGN_OR_RETURN(auto pack, publish_to(path, *writer));
    folder_.count_use(path);
    folder_.evict_past(max_bytes_);
    facts_.forget_past(kMaxFacts);
    return pack;
  }

  Result<std::unique_ptr<PackWriter>> create_named(const std::string& name, const std::string& key) override {
    TENON_RETURN_IF_ERROR(check_name(name));
    TENON_RETURN_IF_ERROR(prepare_to_write());
    TENON_RETURN_IF_ERROR(make_private_folder(folder_.published(), files_));
    return create_in(folder_.published(), key);
  }

  Result<std::shared_ptr<const PackFile>> publish_named(std::unique_ptr<PackWriter> writer,
                                                        const std::string& name) override {
    TENON_RETURN_IF_ERROR(check_name(name));
    TENON_RETURN_IF_ERROR(prepare_to_write());
    return publish_to(folder_.published_path(name), *writer);
  }

  Result<std::shared_ptr<const PackFile>> find_named(const std::string& name) override {
    TENON_RETURN_IF_ERROR(check_name(name));
    return open_judged(folder_.published_path(name), OwnerRule::kThisUser);
  }

  Status remove_named(const std::string& name) override {
    TENON_RETURN_IF_ERROR(check_name(name));
    return remove(folder_.published_path(name));
  }

  std::vector<StoredPack> list() override { return folder_.list(); }

  Status remove(const std::filesystem::path& path) override {
    TENON_RETURN_IF_ERROR(prepare_to_write());
    return folder_.remove(path);
  }

  Result<CollectedFiles> collect(uint64_t max_bytes) override {
    TENON_RETURN_IF_ERROR(prepare_to_write());
    CollectedFiles all;
    all.files = facts_.forget_past(kMaxFacts);
    for (const CollectedFiles& part :
         {folder_.remove_leftovers(), folder_.remove_stale(), folder_.evict_past(max_bytes)}) {
      all.files += part.files;
      all.bytes += part.bytes;
    }
    return all;
  }

 private:
  // The folder may have been removed, or changed hands, since the store was opened.
  Status prepare_to_write() {
    if (read_only_) return error(TN_UNSUPPORTED, "the cache folder '", folder().string(), "' is used for reading only");
    return make_private_folder(folder(), files_);
  }

  Result<std::unique_ptr<PackWriter>> create_in(const std::filesystem::path& place, const std::string& key) {
    folder_.remove_leftovers();
    PackRoom room;
    if (bounded_) room = [this](uint64_t bytes) { return folder_.make_room(bytes, max_bytes_); };
    return PackWriter::create(place, key, files_, std::move(room));
  }

  Result<std::shared_ptr<const PackFile>> publish_to(const std::filesystem::path& path, PackWriter& writer) {
    TENON_RETURN_IF_ERROR(writer.publish(path));
    TENON_ASSIGN_OR_RETURN(auto pack, open_pack(path, OwnerRule::kThisUser));
    // What this process wrote just now need not be read back. Another may have published meanwhile.
    if (verify_always_ || pack->mapping().identity() != writer.published()) {
      TENON_RETURN_IF_ERROR(judge_blobs(*pack));
      return pack;
    }
    wait_until_settled(writer.published());
    remember(verified_fact(*pack));
    return pack;
  }

  Result<std::shared_ptr<const PackFile>> open_judged(const std::filesystem::path& path, OwnerRule rule) {
    TENON_ASSIGN_OR_RETURN(auto pack, open_pack(path, rule));
    TENON_RETURN_IF_ERROR(judge_blobs(*pack));
    return pack;
  }

  Status judge_blobs(const PackFile& pack) {
    const std::string fact = verified_fact(pack);
    if (!verify_always_ && knows(fact)) return {};
    wait_until_settled(pack.mapping().identity());
    TENON_RETURN_IF_ERROR(pack.verify_blobs());
    remember(fact);
    return {};
  }

  PackFolder folder_;
  FactStore facts_;
  FileOps& files_;
  uint64_t max_bytes_;
  bool verify_always_, bounded_, read_only_;
};

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

}  // namespace

Status PackStore::check_name(const std::string& name) {
  constexpr size_t kMaxNameBytes = 128;
  if (!name.empty() && name.size() <= kMaxNameBytes && name[0] != '.' &&
      std::all_of(name.begin(), name.end(), is_name_character))
    return {};
  return error(TN_INVALID_ARGUMENT, "'", name.substr(0, kMaxNameBytes),
               "' cannot name a published model: give it 1 to ", kMaxNameBytes,
               " letters, digits, '.', '_' or '-', and no '.' first");
}

Result<std::unique_ptr<PackStore>> PackStore::open(const PackStoreOptions& options, bool read_only, FileOps& files) {
  PackStoreOptions settled = options;
  TENON_ASSIGN_OR_RETURN(settled.max_bytes, size_cap(options.max_bytes));
  if (options.hard_max_bytes != 0) settled.max_bytes = std::min(settled.max_bytes, options.hard_max_bytes);
  TENON_ASSIGN_OR_RETURN(const auto folder, settled_cache_folder(options.folder));
  const Status usable = read_only ? check_private_folder(folder) : make_private_folder(folder, files);
  const bool is_empty = read_only && usable.code() == TN_NOT_FOUND;
  if (!usable.is_ok() && !is_empty) return error(TN_UNSUPPORTED, usable.message());
  return std::unique_ptr<PackStore>(std::make_unique<FolderPackStore>(settled, folder, read_only, files));
}

}  // namespace tenon::host
