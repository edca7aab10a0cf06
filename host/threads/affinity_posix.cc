// The mask grows until the kernel accepts its size: machines may have more CPUs than cpu_set_t holds.
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <new>

#include "host/threads/affinity.h"

namespace tenon::host {
namespace {

class Mask {
 public:
  explicit Mask(uint32_t cpus) : cpus_(cpus), set_(CPU_ALLOC(cpus)) {
    if (set_ == nullptr) throw std::bad_alloc();
    CPU_ZERO_S(size(), set_);
  }
  ~Mask() { CPU_FREE(set_); }
  Mask(const Mask&) = delete;
  Mask& operator=(const Mask&) = delete;

  uint32_t cpus() const { return cpus_; }
  size_t size() const { return CPU_ALLOC_SIZE(cpus_); }
  cpu_set_t* set() const { return set_; }
  bool has(uint32_t cpu) const { return cpu < cpus_ && CPU_ISSET_S(cpu, size(), set_); }

 private:
  const uint32_t cpus_;
  cpu_set_t* const set_;
};

// Of the process's first thread: the calling one may have been kept to fewer. nullptr: it cannot be read.
std::unique_ptr<Mask> process_mask() {
  for (uint32_t cpus = 1024; cpus <= 1 << 20; cpus *= 2) {
    auto mask = std::make_unique<Mask>(cpus);
    if (sched_getaffinity(getpid(), mask->size(), mask->set()) == 0) return mask;
  }
  return nullptr;
}

CpuList cpus_in(const Mask& mask) {
  CpuList list;
  for (uint32_t cpu = 0; cpu < mask.cpus(); ++cpu) {
    if (!mask.has(cpu)) continue;
    if (list.empty() || list.back().last + 1 != cpu) list.push_back({cpu, cpu});
    list.back().last = cpu;
  }
  return list;
}

}  // namespace

Status check_cpus(std::span<const CpuList> lists) {
  const auto mask = process_mask();
  if (mask == nullptr) return {};  // the system will say
  for (const CpuList& list : lists)
    for (const CpuRange& range : list)
      for (uint32_t cpu = range.first; cpu <= range.last; ++cpu)
        if (!mask->has(cpu))
          return error(TN_INVALID_ARGUMENT, "CPU ", cpu, " is none that this process may use: it may use ",
                       cpu_lists_text(std::vector<CpuList>{cpus_in(*mask)}));
  return {};
}

bool pin_thread(int64_t thread, const CpuList& cpus) {
  uint32_t most = 0;
  for (const CpuRange& range : cpus) most = std::max(most, range.last);
  const Mask mask(most + 1);
  for (const CpuRange& range : cpus)
    for (uint32_t cpu = range.first; cpu <= range.last; ++cpu) CPU_SET_S(cpu, mask.size(), mask.set());
  return sched_setaffinity(static_cast<pid_t>(thread), mask.size(), mask.set()) == 0;
}

}  // namespace tenon::host
