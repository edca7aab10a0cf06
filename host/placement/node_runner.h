// What passes ask of providers while a session opens: to run single nodes on their constant inputs, for constant
// folding, and who would run a node, for raises.
#pragma once

#include "host/optimize/constant_folding.h"
#include "host/optimize/raises/raises.h"
#include "host/placement/placement.h"

namespace tenon::host {

/// A runner that takes each node to the first provider that has a deterministic kernel for it. Results live in private
/// memory. `providers` must outlive it; at most `memory_limit` bytes per node. Not thread-safe.
NodeRunner make_node_runner(const ProviderList& providers, unsigned threads, uint64_t memory_limit);

/// Ranks as raises.h has them, by the kernels that the providers make. `providers` must outlive it. Not thread-safe.
ProviderRank make_provider_rank(const ProviderList& providers);

}  // namespace tenon::host
