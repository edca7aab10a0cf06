#include "host/session/loaded_model.h"

namespace tenon::host {

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
