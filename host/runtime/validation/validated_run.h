// Runs of kernels whose every breach of the contract that can be seen from outside is an error: what option `validate`
// asks for. thread: any, one step at a time.
#pragma once

#include "host/plugins/kernel.h"

namespace tenon::host {

/// Runs the kernel several times, each in guarded memory: twice with memory of other contents, so that what it leaves
/// unwritten or remembers shows, and once for each of its aliases that can be shared, with output and input in one
/// memory. Then gives `run` the outputs. TN_INTERNAL says what the kernel did, without node and provider: it wrote to
/// an input, around an output or its scratch memory, left bytes unwritten, computed something else the second time, or
/// in shared memory, or left thread or process changed. Takes two to four times as long, and the outputs' memory once
/// more.
Status run_validated(const Kernel& kernel, KernelRun& run);

}  // namespace tenon::host
