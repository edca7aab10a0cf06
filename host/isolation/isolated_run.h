// One run of a kernel in a worker process, from the host's side. thread: any.
#pragma once

#include "host/isolation/isolated_kernel.h"
#include "host/plugins/kernel_run.h"

namespace tenon::host {

/// Tensors that are neither in the shared heap nor constant are copied on the way, as are outputs whose memory is
/// elsewhere. `written`: inputs whose memory an output may have. A process that does not heed a stop within 100 ms is
/// ended: TN_CANCELLED. One that dies: TN_INTERNAL says of what, and where.
Status run_in_worker(Worker& worker, WorkerLife& life, uint64_t kernel,
                     std::span<const KernelRecipe::Constant> constants, const std::vector<bool>& written,
                     KernelRun& run);

}  // namespace tenon::host
