#include "host/storage/private_peak.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <vector>

namespace tenon::host {
namespace {

std::atomic<int> watch_count{0};

struct Watches {
  std::mutex mutex;
  std::vector<PrivatePeakWatch*> live;
  static Watches& instance() {
    static auto* watches = new Watches;  // outlives what is freed at the end of the process
    return *watches;
  }
};

}  // namespace

void note_private_peak() {
  if (watch_count.load(std::memory_order_relaxed) == 0) return;
  const uint64_t now = anonymous_resident_bytes();
  Watches& watches = Watches::instance();
  const std::lock_guard lock(watches.mutex);
  for (PrivatePeakWatch* watch : watches.live) watch->highest_ = std::max(watch->highest_, now);
}

PrivatePeakWatch::PrivatePeakWatch() {
  Watches& watches = Watches::instance();
  const std::lock_guard lock(watches.mutex);
  watches.live.push_back(this);
  watch_count.fetch_add(1, std::memory_order_relaxed);
}

PrivatePeakWatch::~PrivatePeakWatch() {
  Watches& watches = Watches::instance();
  const std::lock_guard lock(watches.mutex);
  std::erase(watches.live, this);
  watch_count.fetch_sub(1, std::memory_order_relaxed);
}

uint64_t PrivatePeakWatch::take(uint64_t now) {
  Watches& watches = Watches::instance();
  const std::lock_guard lock(watches.mutex);
  const uint64_t highest = std::max(highest_, now);
  highest_ = 0;
  return highest;
}

}  // namespace tenon::host
