#include "host/runtime/arena_pool.h"

#include <algorithm>

namespace tenon::host {
namespace {

constexpr uint64_t kIdleTakes = 16;                  // an arena that as many runs did not need is freed
constexpr uint64_t kSmallBytes = uint64_t{1} << 20;  // below this, waste does not matter

// An arena much larger than asked for is left alone, so that it ages and is freed.
bool suits(uint64_t arena_bytes, uint64_t bytes) {
  return arena_bytes >= bytes && (arena_bytes <= kSmallBytes || arena_bytes / 2 <= bytes);
}

}  // namespace

Result<ArenaPool::Lease> ArenaPool::take(uint64_t bytes) {
  if (bytes == 0) return Lease();
  std::vector<Idle> aged;  // unmapped after the lock is released
  std::lock_guard lock(mutex_);
  // All the room that the lists can need from here to the arena's way back, so that neither fails half way.
  aged.reserve(idle_.size());
  idle_.reserve(ranges_.size() + 1);
  ranges_.reserve(ranges_.size() + 1);
  ++takes_;
  size_t best = idle_.size();
  for (size_t i = 0; i < idle_.size(); ++i)
    if (suits(idle_[i].region.bytes(), bytes) &&
        (best == idle_.size() || idle_[i].region.bytes() < idle_[best].region.bytes()))
      best = i;
  HostRegion region;
  if (best < idle_.size()) {
    region = std::move(idle_[best].region);
    idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(best));
  }
  for (Idle& idle : idle_)
    if (takes_ - idle.since > kIdleTakes) {
      forget(idle.region);
      aged.push_back(std::move(idle));
    }
  std::erase_if(idle_, [](const Idle& idle) { return idle.region.data() == nullptr; });
  if (region.data() == nullptr) {
    auto made = HostRegion::allocate(bytes, source_);
    if (!made.is_ok()) return made.status();
    region = std::move(*made);
    bytes_ += region.bytes();
    ranges_.emplace_back(region.data(), region.bytes());
    peak_bytes_ = std::max(peak_bytes_, bytes_);
  }
  return Lease(this, std::move(region));
}

void ArenaPool::give_back(HostRegion region) {
  std::lock_guard lock(mutex_);
  idle_.push_back({std::move(region), takes_});  // into the room that take() made
}

void ArenaPool::forget(const HostRegion& region) {
  bytes_ -= region.bytes();
  std::erase_if(ranges_, [&](const auto& range) { return range.data() == region.data(); });
}

void ArenaPool::free_idle() {
  std::vector<Idle> freed;  // unmapped after the lock is released
  const std::lock_guard lock(mutex_);
  for (const Idle& idle : idle_) forget(idle.region);
  freed.swap(idle_);
}

std::vector<std::span<const std::byte>> ArenaPool::ranges() const {
  std::lock_guard lock(mutex_);
  return ranges_;
}

uint64_t ArenaPool::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

uint64_t ArenaPool::peak_bytes() const {
  std::lock_guard lock(mutex_);
  return peak_bytes_;
}

}  // namespace tenon::host
