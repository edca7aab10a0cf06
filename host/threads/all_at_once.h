// Bodies that wait for each other, so that each needs a thread of its own. Thread-safe.
#pragma once

#include <cstdint>

#include "host/base/status.h"
#include "host/threads/thread_pool.h"

namespace tenon::host {

/// Calls body(arg, i, i, i + 1) for every i < count, all at once: on threads made for the call, and the caller's.
/// Returns when all have ended. TN_OUT_OF_MEMORY, with no body called, when there are not enough threads to be had.
/// Bodies may not throw.
Status run_all_at_once(int64_t count, RangeFunction body, void* arg);

}  // namespace tenon::host
