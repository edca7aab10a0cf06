// The kernel's own figures of a process's memory, for the session's report and benchmarks. Thread-safe.
#pragma once

#include <cstdint>

#include "host/base/status.h"

namespace tenon::host {

/// All in bytes of resident memory.
struct ProcessMemory {
  uint64_t private_clean = 0;
  uint64_t private_dirty = 0;
  uint64_t shared = 0;         // clean and dirty
  uint64_t proportional = 0;   // private, and each shared page divided by the processes that map it
  uint64_t anonymous = 0;      // backed by no file: heap, stacks, arenas
  uint64_t resident = 0;       // all of it, mapped files included
  uint64_t peak_resident = 0;  // since the process began

  uint64_t private_bytes() const { return private_clean + private_dirty; }
};

/// Of this process, or of another of the same user. TN_UNSUPPORTED where the system does not tell, TN_NOT_FOUND when
/// there is no such process.
Result<ProcessMemory> read_process_memory();
Result<ProcessMemory> read_process_memory(int pid);

}  // namespace tenon::host
