#include "conform/kernel/workers.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "host/runtime/validation/thread_state.h"

namespace tenon::conform {
namespace {

thread_local bool is_inside = false;

class Work {
 public:
  Work(int64_t count, int64_t part, host::RangeFunction body, void* arg)
      : count_(count), part_(part), body_(body), arg_(arg) {}

  void run(uint32_t worker) {
    is_inside = true;
    for (int64_t begin = next_.fetch_add(part_); begin < count_; begin = next_.fetch_add(part_)) {
      const uint64_t mode = host::floating_point_mode();
      body_(arg_, worker, begin, std::min(count_, begin + part_));
      if (host::floating_point_mode() == mode) continue;
      host::set_floating_point_mode(mode);
      has_left_mode_ = true;
    }
    is_inside = false;
  }
  bool has_left_mode() const { return has_left_mode_; }

 private:
  const int64_t count_, part_;
  const host::RangeFunction body_;
  void* const arg_;
  std::atomic<int64_t> next_{0};
  std::atomic<bool> has_left_mode_{false};
};

}  // namespace

bool spread(int64_t count, int64_t grain, uint32_t workers, host::RangeFunction body, void* arg) {
  // Parts of unlike numbers of threads must have unlike borders.
  const int64_t parts = workers == 1 ? 1 : int64_t{workers} * 2 - 1;
  const int64_t part = std::max({int64_t{1}, grain, (count + parts - 1) / parts});
  if (is_inside) {
    body(arg, 0, 0, count);
    return false;
  }
  Work work(count, part, body, arg);
  std::vector<std::thread> others;
  for (uint32_t worker = 1; worker < workers && worker * part < count; ++worker)
    others.emplace_back([&work, worker] { work.run(worker); });
  work.run(0);
  for (std::thread& other : others) other.join();
  return work.has_left_mode();
}

}  // namespace tenon::conform
