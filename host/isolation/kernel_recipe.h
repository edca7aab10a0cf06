// What a kernel in a worker process is made of, and what its runs need.
#pragma once

#include <span>
#include <vector>

#include "host/isolation/graph_part.h"
#include "host/isolation/protocol_generated.h"
#include "host/isolation/reach.h"

namespace tenon::host {

/// What the worker makes the kernel of: kept, so that another one can.
struct KernelRecipe {
  wire::RequestT request;
  GraphPart part;
  /// Of each input that is constant, where it is in this process and for the worker.
  struct Constant {
    const void* data = nullptr;
    Reached reached;
  };
  std::vector<Constant> constants;  // by input
};

/// A kernel as its run needs it. Borrows.
struct KernelInWorker {
  uint64_t number;
  std::span<const KernelRecipe::Constant> constants;
  const std::vector<bool>& written;  // inputs whose memory an output may have
};

}  // namespace tenon::host
