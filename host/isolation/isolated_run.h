// Runs of kernels in a worker process, from the host's side. thread: any, a run at a time.
#pragma once

#include <memory>

#include "host/isolation/kernel_recipe.h"
#include "host/isolation/worker.h"
#include "host/plugins/kernel_run.h"

namespace tenon::host {

/// Runs the kernel, or puts it off where `run` allows that. Tensors that are neither in the shared heap nor constant
/// are copied on the way, as are outputs whose memory is elsewhere. A process that does not heed a stop within 100 ms
/// is ended, and what other runs have there with it: TN_INTERNAL. One that dies: TN_INTERNAL says of what, and where.
Status run_in_worker(std::shared_ptr<Worker> worker, std::shared_ptr<WorkerLife> life, const KernelInWorker& kernel,
                     KernelRun& run);

}  // namespace tenon::host
