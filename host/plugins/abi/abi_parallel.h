// Work that a plugin wants spread over threads (tn_parallel), for kernels that run and that pack. No exception leaves
// in either direction.
#pragma once

#include <tenon/kernel_api/run.h>

namespace tenon::host {

class KernelRun;

/// Spreads `work` over `threads` threads at most: those of `run` where it is given and no flag is set, else of the
/// process's pool or its own. Holds what the plugin passes against the rules of tn_parallel. NULL, or the first
/// failure, which the innermost RunScope of the calling thread learns, too, where it is no status of a body: a kernel
/// that drops it must not pass for one that worked.
tn_status* run_parallel(const tn_parallel* work, unsigned threads, KernelRun* run = nullptr);

}  // namespace tenon::host
