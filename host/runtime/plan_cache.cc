#include "host/runtime/plan_cache.h"

#include <algorithm>

namespace tenon::host {
namespace {

constexpr size_t kMostPlans = 32;

}  // namespace

std::shared_ptr<const MemoryPlan> PlanCache::find(const ShapeSignature& signature) {
  std::lock_guard lock(mutex_);
  const auto it =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.signature == signature; });
  if (it == entries_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, it);
  return it->plan;
}

std::optional<std::vector<uint64_t>> PlanCache::forecast(const ShapeSignature& signature) {
  std::lock_guard lock(mutex_);
  std::vector<MeasuredRun> runs;
  for (const Entry& entry : entries_) runs.push_back({&entry.signature, entry.plan.get()});
  return forecast_sizes(signature, runs);
}

void PlanCache::put(ShapeSignature signature, std::shared_ptr<const MemoryPlan> plan) {
  std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const Entry& entry) { return entry.signature == signature; });
  entries_.push_front({std::move(signature), std::move(plan)});
  if (entries_.size() > kMostPlans) entries_.pop_back();
}

}  // namespace tenon::host
