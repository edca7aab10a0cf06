// What the runs of a session may take.
#pragma once

#include <cstdint>

#include "host/runtime/memory_limit.h"
#include "host/session/options.h"
#include "host/threads/thread_pool.h"

namespace tenon::host {

struct RunBudget {
  unsigned threads = 1;
  uint64_t memory_limit = 0;  // bytes of one run: arena, values and scratch
  bool keeps_memory = true;   // from one run to the next
  bool validates = false;     // see run_validated()
};

inline RunBudget run_budget(const SessionOptions& options) {
  return {granted_threads(options.threads),
          options.run_memory_limit_bytes == 0 ? process_memory_limit() : options.run_memory_limit_bytes,
          options.keep_run_memory, options.validate};
}

}  // namespace tenon::host
