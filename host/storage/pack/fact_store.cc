#include "host/storage/pack/fact_store.h"

#include <algorithm>
#include <chrono>

#include "host/storage/digest.h"
#include "host/storage/pack/cache_folder.h"
#include "host/storage/pack/file_mark.h"
#include "host/storage/pack/file_time.h"
#include "host/storage/pack/temporary_file.h"

namespace tenon::host {
namespace {

constexpr size_t kMaxFactBytes = 4096;
constexpr char kFactSuffix[] = ".fact";
// How far behind its last use the time of a fact's file may lie: not every open need write to the disk.
constexpr std::chrono::hours kUseGrain(24);

std::string content_of(const std::string& fact) {
  return fact + "\n" + to_hex(digest_of(fact)) + "\n";
}

}  // namespace

std::filesystem::path FactStore::path_of(const std::string& fact) const {
  return folder_ / (to_hex(digest_of(fact)) + kFactSuffix);
}

bool FactStore::knows(const std::string& fact) const {
  const auto path = path_of(fact);
  const auto file = open_marked(path, OwnerRule::kThisUser);
  const std::string expected = content_of(fact);
  if (!file.is_ok() || file->identity.size != expected.size()) return false;
  std::string content(expected.size(), '\0');
  if (!read_at(file->descriptor, std::as_writable_bytes(std::span(content)), 0).is_ok() || content != expected)
    return false;
  const auto age = std::chrono::system_clock::now() - time_of(file->identity);
  if (age > kUseGrain || age < -kUseGrain) files_.touch(path.string());
  return true;
}

Status FactStore::remember(const std::string& fact) {
  if (fact.size() > kMaxFactBytes)
    return error(TN_INVALID_ARGUMENT, "a fact has ", fact.size(), " bytes, at most ", kMaxFactBytes, " are kept");
  TENON_RETURN_IF_ERROR(make_private_folder(folder_, files_));
  TENON_ASSIGN_OR_RETURN(auto file, TemporaryFile::create(folder_, files_));
  const std::string content = content_of(fact);
  TENON_RETURN_IF_ERROR(file->write(std::as_bytes(std::span(content)), 0));
  // Not synced: a fact that is lost with the power is proven again.
  return file->rename_to(path_of(fact));
}

uint64_t FactStore::forget_past(size_t most) {
  uint64_t removed = 0;
  for (const auto& leftover : files_with_suffix(folder_, kTemporarySuffix)) removed += remove_unused(leftover, files_);
  auto paths = files_with_suffix(folder_, kFactSuffix);
  if (paths.size() <= most) return removed;
  std::vector<std::pair<std::chrono::system_clock::time_point, std::filesystem::path>> facts;
  for (auto& path : paths) facts.emplace_back(last_used(path), std::move(path));
  std::sort(facts.begin(), facts.end());
  for (size_t i = 0; i < facts.size() - most; ++i) removed += files_.unlink(facts[i].second.string()) == 0;
  return removed;
}

}  // namespace tenon::host
