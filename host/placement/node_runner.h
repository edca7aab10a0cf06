// Runs single nodes on their constant inputs while a session opens, for constant folding.
#pragma once

#include "host/optimize/constant_folding.h"
#include "host/placement/placement.h"

namespace tenon::host {

/// A runner that takes each node to the first provider that has a deterministic kernel for it. Results live in private
/// memory. `providers` must outlive it; at most `memory_limit` bytes per node. Not thread-safe.
NodeRunner make_node_runner(const ProviderList& providers, unsigned threads, uint64_t memory_limit);

}  // namespace tenon::host
