// The kernel's own figures of this process's memory, for the session's report. Thread-safe.
#pragma once

#include <cstdint>

#include "host/base/status.h"

namespace tenon::host {

/// All in bytes of resident memory.
struct ProcessMemory {
  uint64_t private_clean = 0;
  uint64_t private_dirty = 0;
  uint64_t shared = 0;         // clean and dirty
  uint64_t anonymous = 0;      // backed by no file: heap, stacks, arenas
  uint64_t resident = 0;       // all of it, mapped files included
  uint64_t peak_resident = 0;  // since the process began

  uint64_t private_bytes() const { return private_clean + private_dirty; }
};

/// TN_UNSUPPORTED where the system does not tell.
Result<ProcessMemory> read_process_memory();

}  // namespace tenon::host
