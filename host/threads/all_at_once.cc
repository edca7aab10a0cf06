#include "host/threads/all_at_once.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "host/base/exceptions.h"

namespace tenon::host {
namespace {

// Holds threads back until it is known whether all of them could be made.
class Gate {
 public:
  /// Whether to go on.
  bool pass() {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [&] { return is_decided_; });
    return goes_on_;
  }
  void decide(bool goes_on) {
    {
      const std::lock_guard lock(mutex_);
      is_decided_ = true;
      goes_on_ = goes_on;
    }
    opened_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool is_decided_ = false, goes_on_ = false;
};

}  // namespace

Status run_all_at_once(int64_t count, RangeFunction body, void* arg) {
  Gate gate;
  std::vector<std::thread> threads;
  const Status made = guarded([&]() -> Status {
    threads.reserve(static_cast<size_t>(count));
    for (int64_t i = 1; i < count; ++i)
      threads.emplace_back([&gate, body, arg, i] {
        if (gate.pass()) body(arg, static_cast<uint32_t>(i), i, i + 1);
      });
    return {};
  });
  gate.decide(made.is_ok());
  if (made.is_ok() && count > 0) body(arg, 0, 0, 1);
  for (std::thread& thread : threads) thread.join();
  return made;
}

}  // namespace tenon::host
