#include "host/storage/pack/pack_folder.h"

#include <algorithm>
#include <cerrno>

#include "host/base/checked.h"
#include "host/storage/digest.h"
#include "host/storage/pack/build_lock.h"
#include "host/storage/pack/cache_folder.h"
#include "host/storage/pack/file_mark.h"
#include "host/storage/pack/file_time.h"
#include "host/storage/pack/pack_file.h"
#include "host/storage/pack/temporary_file.h"

namespace tenon::host {
namespace {

constexpr char kPackSuffix[] = ".tpack", kLockSuffix[] = ".lock", kUseSuffix[] = ".used";

struct CountedPack {
  std::filesystem::path path;
  uint64_t bytes = 0;
  std::chrono::system_clock::time_point used;
};

uint64_t size_of_file(const std::filesystem::path& path) {
  std::error_code failed;
  const auto size = std::filesystem::file_size(path, failed);
  return failed ? 0 : size;
}

void count(CollectedFiles& collected, uint64_t bytes) {
  ++collected.files;
  collected.bytes += bytes;
}

}  // namespace

std::filesystem::path PackFolder::pack_path(const std::string& key) const {
  return path_ / (to_hex(digest_of(key)) + kPackSuffix);
}

std::filesystem::path PackFolder::lock_path(const std::string& key) const {
  return locks() / (to_hex(digest_of(key)) + kLockSuffix);
}

std::filesystem::path PackFolder::use_path(const std::filesystem::path& pack) const {
  return path_ / "used" / (pack.stem().string() + kUseSuffix);
}

std::filesystem::path PackFolder::published_path(const std::string& name) const {
  return published() / (name + kPackSuffix);
}

bool PackFolder::is_pack_path(const std::filesystem::path& path) const {
  const auto folder = path.parent_path();
  return (folder == path_ || folder == published()) && path.extension() == kPackSuffix;
}

uint64_t PackFolder::bytes_in(const std::filesystem::path& folder) const {
  uint64_t bytes = 0;
  for (const auto& path : files_with_suffix(folder, kPackSuffix)) bytes += size_of_file(path);
  return bytes;
}

void PackFolder::count_use(const std::filesystem::path& pack) const {
  const auto mark = use_path(pack);
  if (files_.touch(mark.string()) != -ENOENT) return;
  files_.make_folder(mark.parent_path().string());
  files_.touch(mark.string());
}

std::vector<StoredPack> PackFolder::list() const {
  std::vector<StoredPack> entries;
  auto paths = files_with_suffix(path_, kPackSuffix);
  for (auto& path : files_with_suffix(published(), kPackSuffix)) paths.push_back(std::move(path));
  for (const auto& path : paths) {
    StoredPack entry;
    entry.path = path;
    entry.bytes = size_of_file(path);
    if (path.parent_path() != path_) entry.published_name = path.stem().string();
    entry.used = std::max(last_used(path), last_used(use_path(path)));
    entry.in_use = is_in_use(path);
    const auto pack = open_pack(path, OwnerRule::kThisUser);
    entry.state = pack.status();
    if (pack.is_ok()) entry.key = (*pack)->key();
    entries.push_back(std::move(entry));
  }
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.used > b.used; });
  return entries;
}

Status PackFolder::remove(const std::filesystem::path& pack) const {
  if (!is_pack_path(pack))
    return error(TN_INVALID_ARGUMENT, "'", pack.string(), "' is no pack of the cache folder '", path_.string(), "'");
  const int removed = files_.unlink(pack.string());
  if (removed == -ENOENT) return error(TN_NOT_FOUND, "'", pack.string(), "': no such pack");
  if (removed < 0) return file_failure("cannot remove", pack, -removed);
  files_.unlink(use_path(pack).string());
  return {};
}

bool PackFolder::remove_unused_pack(const std::filesystem::path& pack) const {
  if (!remove_unused(pack, files_)) return false;
  files_.unlink(use_path(pack).string());
  return true;
}

CollectedFiles PackFolder::remove_leftovers() const {
  CollectedFiles collected;
  for (const auto& folder : {path_, published()}) {
    for (const auto& path : files_with_suffix(folder, kTemporarySuffix)) {
      const uint64_t bytes = size_of_file(path);
      if (remove_unused(path, files_)) count(collected, bytes);
    }
  }
  return collected;
}

CollectedFiles PackFolder::remove_stale() const {
  CollectedFiles collected;
  for (const auto& path : files_with_suffix(locks(), kLockSuffix))
    if (remove_free_lock(path, files_)) count(collected, 0);
  for (const auto& path : files_with_suffix(path_, kPackSuffix)) {
    const uint64_t bytes = size_of_file(path);
    // A pack of another format version is another Tenon's to judge.
    const auto state = open_pack(path, OwnerRule::kThisUser).status();
    if (state.code() == TN_INVALID_MODEL && remove_unused_pack(path)) count(collected, bytes);
  }
  for (const auto& path : files_with_suffix(path_ / "used", kUseSuffix)) {
    std::error_code failed;
    const bool is_stale = !std::filesystem::exists(path_ / (path.stem().string() + kPackSuffix), failed) && !failed;
    if (is_stale && files_.unlink(path.string()) == 0) count(collected, 0);
  }
  return collected;
}

CollectedFiles PackFolder::evict_past(uint64_t max_bytes) const {
  std::vector<CountedPack> packs;
  uint64_t total = 0;
  for (const auto& path : files_with_suffix(path_, kPackSuffix)) {
    // A pack that was never counted, as when the folder was read-only, counts from its making.
    packs.push_back({path, size_of_file(path), std::max(last_used(path), last_used(use_path(path)))});
    total += packs.back().bytes;
  }
  std::sort(packs.begin(), packs.end(), [](const auto& a, const auto& b) { return a.used < b.used; });
  CollectedFiles collected;
  for (const CountedPack& pack : packs) {
    if (total <= max_bytes) break;
    if (!remove_unused_pack(pack.path)) continue;
    total -= pack.bytes;
    count(collected, pack.bytes);
  }
  return collected;
}

Result<uint64_t> PackFolder::make_room(uint64_t bytes, uint64_t max_bytes) const {
  const uint64_t published_bytes = bytes_in(published());
  if (const CheckedSize needed = CheckedSize(bytes) + published_bytes; needed.fits(max_bytes))
    evict_past(max_bytes - *needed.get());
  const uint64_t held = bytes_in(path_) + published_bytes;
  std::error_code failed;
  const auto space = std::filesystem::space(path_, failed);
  const uint64_t available = failed ? 0 : space.available;
  const uint64_t room = std::min<uint64_t>(max_bytes - std::min(held, max_bytes), available);
  if (bytes <= room) return room;
  return error(TN_UNSUPPORTED, "the pack takes ", bytes, " bytes or more: '", path_.string(), "' has room for ", room,
               " (", available, " bytes are free there, and all packs together may take ", max_bytes, ", of which ",
               held, " are in use or published): close sessions, or remove packs with `tenon cache rm`");
}

}  // namespace tenon::host
