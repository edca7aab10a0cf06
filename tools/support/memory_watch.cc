#include "tools/support/memory_watch.h"

#include <algorithm>
#include <chrono>
#include <tenon/tenon.hpp>

namespace tenon::tools {
namespace {

uint64_t private_now() {
  try {
    return process_memory().private_bytes();
  } catch (const Error&) {
    return 0;
  }
}

}  // namespace

MemoryWatch::MemoryWatch() : start_(private_now()), peak_(start_), thread_([this] { sample(); }) {}

MemoryWatch::~MemoryWatch() {
  if (thread_.joinable()) finish();
}

MemoryGrowth MemoryWatch::finish() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  stop_.notify_one();
  thread_.join();
  const uint64_t now = private_now();
  peak_ = std::max(peak_, now);
  return {now > start_ ? now - start_ : 0, peak_ > start_ ? peak_ - start_ : 0};
}

void MemoryWatch::sample() {
  constexpr std::chrono::milliseconds kInterval{5};
  std::unique_lock lock(mutex_);
  while (!stop_.wait_for(lock, kInterval, [this] { return stopped_; })) {
    lock.unlock();
    const uint64_t now = private_now();
    lock.lock();
    peak_ = std::max(peak_, now);
  }
}

}  // namespace tenon::tools
