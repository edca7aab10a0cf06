#include "host/session/loaded_model.h"

#include "host/packs/source_state.h"

namespace tenon::host {

Status LoadedModel::check_files() const {
  if (model != nullptr)
    for (const SourceFile& file : model->files) TENON_RETURN_IF_ERROR(file.mapping->check_intact());
  return pack != nullptr ? pack->mapping().check_intact() : Status();
}

bool LoadedModel::reaffirm_files() const {
  if (pack != nullptr && !pack->mapping().check_intact().is_ok()) return false;
  const std::vector<SourceFile>& files = model->files;
  for (size_t i = 0; i < files.size(); ++i)
    if (!files[i].mapping->check_intact().is_ok() &&
        !files[i].mapping->reaffirm([&](std::span<const std::byte> bytes) { return has_same_bytes(i, bytes); }))
      return false;
  return true;
}

bool LoadedModel::has_same_bytes(size_t file, std::span<const std::byte> bytes) const {
  if (plan == nullptr)
    return file < file_digests.size() && file_digests[file] && piecewise_digest(bytes) == file_digests[file];
  const std::string& location = model->files[file].location;
  for (const PlanSource& source : plan->sources())
    if (source.location == location) return source.digest && digest_of(bytes) == source.digest;
  return false;
}

LoadedModels& LoadedModels::instance() {
  static auto* models = new LoadedModels;  // outlives every user, those of static lifetime too
  return *models;
}

std::shared_ptr<const LoadedModel> LoadedModels::find(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = live_.find(key);
  return found == live_.end() ? nullptr : found->second.lock();
}

void LoadedModels::put(const std::string& key, const std::shared_ptr<const LoadedModel>& loaded) {
  const std::lock_guard lock(mutex_);
  std::erase_if(live_, [](const auto& entry) { return entry.second.expired(); });
  live_[key] = loaded;
}

}  // namespace tenon::host
