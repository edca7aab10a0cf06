// The one thread pool of the process. Its size follows the CPUs that the process may use (affinity, cgroup quota).
// Threads are started on first need, sleep when there is no work, and spin only for microseconds inside a run.
// Thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "host/base/status.h"
#include "host/threads/affinity.h"

namespace tenon::host {

/// CPUs that this process may use at once: the smaller of its affinity mask and its cgroup quota, at least 1.
unsigned usable_cpus();
/// The threads of whoever asks for so many; 0: all.
unsigned granted_threads(unsigned asked);

/// Works on items [begin, end). No two bodies of one call that overlap in time have the same worker.
using RangeFunction = void (*)(void* arg, uint32_t worker, int64_t begin, int64_t end);

/// Whether the calling thread is inside of a body.
bool is_inside_body();

class ThreadPool {
 public:
  static ThreadPool& process();

  /// Keeps worker thread i, those to come included, to CPUs lists[i], or lists[i - lists.size()] and so on where there
  /// are fewer. Once for the process: TN_INVALID_ARGUMENT when other lists were given before, or a CPU may not be used.
  /// No lists: nothing. Threads of callers are left alone. thread: any.
  Status pin(const std::vector<CpuList>& lists);

  /// Splits [0, count) into ranges and runs them on up to `max_threads` threads, the caller's among them; returns when
  /// all are done. `cost_per_item_ns` keeps small work on the caller. Workers are numbered below max_threads. May be
  /// called from several threads at once; a call from inside a body runs on the caller alone. Ranges have `grain` items
  /// at least, the last one aside; 0: as few as pays.
  void parallel_for(int64_t count, double cost_per_item_ns, unsigned max_threads, RangeFunction body, void* arg,
                    int64_t grain = 0);

 private:
  struct Impl;
  ThreadPool();
  ~ThreadPool();
  Impl* impl_;
};

}  // namespace tenon::host
