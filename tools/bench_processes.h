// `tenon bench --processes N`: what N processes that hold one model cost together. Used by one thread.
#pragma once

#include "tools/support/session_flags.h"

namespace tenon::tools {

struct ProcessesRequest {
  unsigned processes = 0;
  bool after_run = false;  // else after opening
  bool as_json = false;
};

/// Starts as many processes with the arguments of this one, reads their memory while all live, and prints what they
/// hold beyond as many processes with the same providers and no model.
bool bench_processes(const SessionFlags& flags, const ProcessesRequest& request);

/// Prints kSessionReady and waits.
void hold(int64_t milliseconds);

}  // namespace tenon::tools
