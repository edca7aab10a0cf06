// Makes allocations, and starts of threads, of this process fail at will: its malloc family, anonymous mmap and
// pthread_create count their calls while armed. Thread-safe; all threads count together.
#pragma once

#include <cstdint>

namespace tenon::faults {

enum class Mode { kOnce, kFromThereOn };

/// The `nth` call from now on fails (1: the next one), and with kFromThereOn every later one. 0: none, only counts.
void arm(uint64_t nth, Mode mode);
/// Lets all calls succeed again; gives the number of calls since arm().
uint64_t disarm();

}  // namespace tenon::faults
