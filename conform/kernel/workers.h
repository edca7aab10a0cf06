// Threads that work on parts of a kernel's work: as many as are asked for, however many CPUs there are.
#pragma once

#include <cstdint>

#include "host/threads/thread_pool.h"

namespace tenon::conform {

/// Splits [0, count) over `workers` threads, the caller's among them, in an order that differs from call to call;
/// returns when all is done: whether a body left its thread's floating-point mode changed, which is put right. A call
/// from inside of a body runs on its caller alone.
bool spread(int64_t count, int64_t grain, uint32_t workers, host::RangeFunction body, void* arg);

}  // namespace tenon::conform
