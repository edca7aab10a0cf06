#include "host/runtime/run_pool.h"

#include <algorithm>
#include <new>

namespace tenon::host {
namespace {

constexpr unsigned kMostWrongForecasts = 8;  // in a row: sizes depend on more than lengths

}  // namespace

RunPool::StateLease::StateLease(RunPool& pool) : pool_(pool) {
  {
    std::lock_guard lock(pool.mutex_);
    if (!pool.idle_states_.empty()) {
      state_ = std::move(pool.idle_states_.back());
      pool.idle_states_.pop_back();
    }
  }
  if (state_ == nullptr) state_ = std::make_unique<RunState>(pool.program_);
}

RunPool::StateLease::~StateLease() {
  state_->clear();
  std::lock_guard lock(pool_.mutex_);
  pool_.scratch_peak_bytes_ = std::max(pool_.scratch_peak_bytes_, state_->scratch.peak_bytes());
  try {
    pool_.idle_states_.push_back(std::move(state_));
  } catch (const std::bad_alloc&) {
    state_.reset();  // the next run makes another
  }
}

RunPool::RunPool(const Program& program, const std::shared_ptr<RegionSource>& source)
    : program_(program), arenas_(source) {
  if (const auto sizes = inferred_sizes(program))
    fixed_plan_ = std::make_shared<const MemoryPlan>(plan_memory(program, *sizes));
  for (uint32_t s = 0; s < program.steps.size(); ++s)
    for (const Program& body : program.steps[s].bodies) bodies_[s].push_back(std::make_unique<RunPool>(body, source));
}

std::shared_ptr<const MemoryPlan> RunPool::find_plan(const ShapeSignature& signature) {
  if (fixed_plan_ != nullptr) return fixed_plan_;
  if (auto plan = plans_.find(signature)) return plan;
  if (wrong_forecasts_ >= kMostWrongForecasts) return nullptr;
  const auto sizes = plans_.forecast(signature);
  if (!sizes) return nullptr;
  auto plan = std::make_shared<MemoryPlan>(plan_memory(program_, *sizes));
  plan->is_forecast = true;
  return plan;
}

std::shared_ptr<const MemoryPlan> RunPool::make_plan(const ShapeSignature& signature, std::span<const uint64_t> sizes,
                                                     const std::shared_ptr<const MemoryPlan>& used) {
  std::shared_ptr<MemoryPlan> plan;
  if (used != nullptr && used->is_forecast) {
    const bool is_right =
        std::equal(sizes.begin(), sizes.end(), used->places.begin(), used->places.end(),
                   [](uint64_t bytes, const MemoryPlan::Place& place) { return bytes == place.bytes; });
    wrong_forecasts_ = is_right ? 0 : wrong_forecasts_ + 1;
    if (is_right) plan = std::make_shared<MemoryPlan>(*used);
  }
  if (plan == nullptr) plan = std::make_shared<MemoryPlan>(plan_memory(program_, sizes));
  plan->is_forecast = false;
  plans_.put(signature, plan);
  return plan;
}

Result<ArenaPool::Lease> RunPool::take_arena(std::shared_ptr<const MemoryPlan>& planned, uint64_t limit,
                                             uint64_t run_limit) {
  const MemoryPlan& plan = *planned;
  auto lease = plan.arena_bytes <= limit ? arenas_.take(plan.arena_bytes)
                                         : error(TN_OUT_OF_MEMORY, "that is past the run's limit of ", run_limit,
                                                 " bytes: give smaller inputs or raise run_memory_limit_bytes");
  if (lease.is_ok()) return lease;
  if (plan.is_forecast) {
    planned.reset();
    return ArenaPool::Lease();
  }
  uint32_t largest = 0;
  for (uint32_t i = 1; i < plan.places.size(); ++i)
    if (plan.places[i].bytes > plan.places[largest].bytes) largest = i;
  const Slot& slot = program_.slots[largest];
  return lease.status().with_context(concat("the values of this run need ", plan.arena_bytes, " bytes, the largest '",
                                            slot.value->name, "' with ", plan.places[largest].bytes, " bytes from ",
                                            describe(program_.steps[slot.first_step])));
}

bool raise_sizes(const Program& program, RunState& state, const MemoryPlan* plan, std::vector<uint64_t>& sizes) {
  bool grew = plan == nullptr || plan->is_forecast;
  sizes.resize(program.slots.size(), 0);
  for (uint32_t i = 0; i < sizes.size(); ++i) {
    if (!program.slots[i].in_arena()) continue;
    const uint64_t planned = plan == nullptr || plan->is_forecast ? 0 : plan->places[i].bytes;
    sizes[i] = std::max({sizes[i], state.slot(i).bytes, planned});
    grew = grew || sizes[i] > planned;
  }
  return grew;
}

template <typename Visit>
void RunPool::for_each_pool(Visit&& visit) const {
  visit(*this);
  for (const auto& [step, pools] : bodies_)
    for (const auto& pool : pools) pool->for_each_pool(visit);
}

void RunPool::free_idle() {
  arenas_.free_idle();
  {
    std::lock_guard lock(mutex_);
    for (const auto& state : idle_states_) state->scratch.free();
  }
  for (const auto& [step, pools] : bodies_)
    for (const auto& pool : pools) pool->free_idle();
}

uint64_t RunPool::arena_bytes() const {
  uint64_t bytes = 0;
  for_each_pool([&](const RunPool& pool) { bytes += pool.arenas_.bytes(); });
  return bytes;
}

uint64_t RunPool::arena_peak_bytes() const {
  uint64_t bytes = 0;
  for_each_pool([&](const RunPool& pool) { bytes += pool.arenas_.peak_bytes(); });
  return bytes;
}

uint64_t RunPool::scratch_peak_bytes() const {
  uint64_t bytes = 0;
  for_each_pool([&](const RunPool& pool) {
    std::lock_guard lock(pool.mutex_);
    bytes += pool.scratch_peak_bytes_;
  });
  return bytes;
}

std::vector<std::span<const std::byte>> RunPool::arena_ranges() const {
  std::vector<std::span<const std::byte>> ranges;
  for_each_pool([&](const RunPool& pool) {
    const auto own = pool.arenas_.ranges();
    ranges.insert(ranges.end(), own.begin(), own.end());
  });
  return ranges;
}

std::vector<std::span<const std::byte>> RunPool::scratch_ranges() const {
  std::vector<std::span<const std::byte>> ranges;
  for_each_pool([&](const RunPool& pool) {
    std::lock_guard lock(pool.mutex_);
    for (const auto& state : pool.idle_states_)
      for (const HostRegion& region : state->scratch.regions()) ranges.emplace_back(region.data(), region.bytes());
  });
  return ranges;
}

}  // namespace tenon::host
