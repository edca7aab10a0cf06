// Memory plans by the shapes of a run's inputs. Holds a bounded number; the one that was not used for longest goes
// first. Thread-safe.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "host/runtime/memory_plan.h"
#include "host/runtime/size_forecast.h"

namespace tenon::host {

class PlanCache {
 public:
  /// nullptr: no run of these shapes has been planned.
  std::shared_ptr<const MemoryPlan> find(const ShapeSignature& signature);
  /// The sizes of a run of these shapes, from the plans of others; nothing: they do not tell.
  std::optional<std::vector<uint64_t>> forecast(const ShapeSignature& signature);
  /// Replaces the plan of these shapes, if there is one.
  void put(ShapeSignature signature, std::shared_ptr<const MemoryPlan> plan);

 private:
  struct Entry {
    ShapeSignature signature;
    std::shared_ptr<const MemoryPlan> plan;
  };
  std::mutex mutex_;
  std::list<Entry> entries_;  // the last used first
};

}  // namespace tenon::host
