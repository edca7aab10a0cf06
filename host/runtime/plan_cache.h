// Memory plans by the shapes of a run's inputs. Holds a bounded number; the one that was not used for longest goes
// first. Thread-safe.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "host/runtime/memory_plan.h"

namespace tenon::host {

/// The ranks and dimensions of all inputs in order.
using ShapeSignature = std::vector<int64_t>;

class PlanCache {
 public:
  /// nullptr: no run of these shapes has been planned.
  std::shared_ptr<const MemoryPlan> find(const ShapeSignature& signature);
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
