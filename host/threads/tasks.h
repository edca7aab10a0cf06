// Independent pieces of work of opening a model, each worth a thread.
#pragma once

#include <cstddef>
#include <functional>

#include "host/base/status.h"

namespace tenon::host {

/// Calls task(i) for every i < count, in about that order, on up to `threads` threads, the caller's among them. Returns
/// the first failure, when all have ended. thread: any
Status run_tasks(size_t count, unsigned threads, const std::function<Status(size_t)>& task);

}  // namespace tenon::host
