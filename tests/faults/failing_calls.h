// Makes calls of this process fail at will. Of memory: the malloc family, anonymous mmap and pthread_create; of files:
// open (EMFILE), read and pread (EIO), and mmap of a file (ENOMEM). Calls of the chosen kind are counted while armed.
// Thread-safe; all threads count together.
#pragma once

#include <cstdint>

namespace tenon::faults {

enum class Calls { kMemory, kFiles };
enum class Mode { kOnce, kFromThereOn };

/// Which calls arm() means; before the first.
void choose(Calls calls);
/// The `nth` call from now on fails (1: the next one), and with kFromThereOn every later one. 0: none, only counts.
void arm(uint64_t nth, Mode mode);
/// Lets all calls succeed again; gives the number of calls since arm().
uint64_t disarm();

}  // namespace tenon::faults
