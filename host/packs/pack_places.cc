#include "host/packs/pack_places.h"

#include "host/runtime/memory_limit.h"
#include "host/storage/pack/cache_folder.h"
#include "host/storage/pack/shared_memory.h"

namespace tenon::host {
namespace {

constexpr uint64_t kShareOfMemory = 4;

PackStoreOptions store_options(const PackOptions& packs) {
  PackStoreOptions options;
  options.folder = packs.folder;
  options.max_bytes = packs.max_bytes;
  options.verify_always = packs.verify_always;
  return options;
}

// `at_fault`: why another place may take the pack; nothing when that would fail there too.
Result<std::shared_ptr<const PackFile>> build_in(PackStore& store, const std::string& key, const PackPlaces::Fill& fill,
                                                 Status* at_fault) {
  auto writer = store.create(key);
  if (!writer.is_ok()) return *at_fault = writer.status();
  const Status filled = fill(**writer);
  *at_fault = (*writer)->failed_to_write();
  if (!filled.is_ok()) return filled;
  auto pack = store.publish(std::move(*writer), key);
  if (pack.status().code() == TN_UNSUPPORTED) *at_fault = pack.status();
  return pack;
}

}  // namespace

Result<std::unique_ptr<PackStore>> open_shared_store(const PackOptions& packs, bool read_only) {
  PackStoreOptions options = store_options(packs);
  TENON_ASSIGN_OR_RETURN(options.folder, shared_memory_folder());
  options.hard_max_bytes = process_memory_limit() / kShareOfMemory;
  return PackStore::open(options, read_only);
}

PackPlaces::PackPlaces(const PackOptions& packs) : packs_(packs) {
  const bool read_only = packs.mode.value_or(PackMode::kAuto) != PackMode::kAuto;
  auto disk = PackStore::open(store_options(packs), read_only);
  no_disk_ = disk.status();
  if (disk.is_ok()) {
    disk_ = std::move(*disk);
    if (!read_only) no_disk_ = check_writable_folder(disk_->folder());
  } else if (const auto folder = settled_cache_folder(packs.folder); folder.is_ok() && is_unsafe_folder(*folder)) {
    no_memory_ = no_disk_;
    return;
  }
  (void)open_memory(read_only || disk_is_writable());
}

// Keeps the store that there is when no other can be opened.
Status PackPlaces::open_memory(bool read_only) {
  auto store = open_shared_store(packs_, read_only);
  no_memory_ = store.status();
  if (!store.is_ok()) return no_memory_;
  std::error_code failed;
  if (read_only && !std::filesystem::exists((*store)->folder(), failed)) return {};
  memory_ = std::move(*store);
  memory_is_writable_ = !read_only;
  return {};
}

std::vector<PackStore*> PackPlaces::stores() const {
  std::vector<PackStore*> stores;
  for (const auto* store : {&disk_, &memory_})
    if (*store != nullptr) stores.push_back(store->get());
  return stores;
}

PackStore* PackPlaces::facts() const {
  if (disk_ == nullptr || memory_is_writable_) return memory_.get();
  return disk_.get();
}

Status PackPlaces::failure() const {
  if (disk_ != nullptr || memory_ != nullptr) return {};
  if (no_memory_.message() == no_disk_.message()) return no_disk_;
  return error(TN_UNSUPPORTED, no_disk_.message(), "; ", no_memory_.message());
}

Result<BuildLock> PackPlaces::lock_build(const std::string& key) {
  if (disk_is_writable()) {
    auto lock = disk_->lock_build(key, packs_.patience);
    if (lock.is_ok()) return lock;
    no_disk_ = lock.status();
  }
  if (!memory_is_writable_) TENON_RETURN_IF_ERROR(open_memory(false));
  return memory_->lock_build(key, packs_.patience);
}

Result<std::shared_ptr<const PackFile>> PackPlaces::build(const std::string& key, const Fill& fill) {
  Status at_fault;
  if (disk_is_writable()) {
    auto built = build_in(*disk_, key, fill, &at_fault);
    if (built.is_ok() || at_fault.is_ok()) return built;
    no_disk_ = at_fault;
  }
  if (!memory_is_writable_) TENON_RETURN_IF_ERROR(open_memory(false));
  auto built = build_in(*memory_, key, fill, &at_fault);
  if (built.is_ok()) return built;
  return error(built.status().code(), no_disk_.message(), "; in shared memory: ", built.status().message());
}

std::string PackPlaces::note_on(const PackFile& pack) const {
  if (memory_ == nullptr || pack.mapping().path().parent_path() != memory_->folder()) return "";
  if (no_disk_.is_ok()) return "in shared memory: the cache folder could not take it when it was made";
  return "in shared memory: " + no_disk_.message();
}

}  // namespace tenon::host
