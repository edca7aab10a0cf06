// Work that a plugin wants spread over threads (tn_parallel), for kernels that run and that pack. No exception leaves
// in either direction.
#pragma once

#include <tenon/kernel_api/run.h>

#include <functional>

#include "host/base/status.h"
#include "host/threads/thread_pool.h"

namespace tenon::host {

/// Spreads `work` over `threads` threads at most, by `spread` where it is given (count, item cost in nanoseconds,
/// grain, body, argument) and no flag is set, else by the process's pool. Holds what the plugin passes against the
/// rules of tn_parallel. NULL, or the first failure, which the innermost RunScope of the calling thread learns, too,
/// where it is no status of a body: a kernel that drops it must not pass for one that worked.
using Spread = std::function<void(int64_t count, double item_cost_ns, int64_t grain, RangeFunction body, void* arg)>;
tn_status* run_parallel(const tn_parallel* work, unsigned threads, const Spread& spread = {});

}  // namespace tenon::host
