// The number by which the system knows a thread.
#pragma once

#include <cstdint>

namespace tenon::host {

/// Of the calling thread and of the process. thread: any.
int64_t current_thread_id();
int64_t current_process_id();

}  // namespace tenon::host
