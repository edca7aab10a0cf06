// How much memory the process may use.
#pragma once

#include <cstdint>

namespace tenon::host {

/// The smaller of the machine's memory and the limits of the process's control groups, in bytes. thread: any.
uint64_t process_memory_limit();

}  // namespace tenon::host
