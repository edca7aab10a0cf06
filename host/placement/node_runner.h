// What passes ask of providers while a session opens: to run single nodes on their constant inputs, for constant
// folding, who would run a node, for raises, and whether anybody would.
#pragma once

#include "host/optimize/options.h"
#include "host/placement/placement.h"

namespace tenon::host {

/// A runner that takes each node to the first provider that has a deterministic kernel for it. Results live in private
/// memory. `providers` must outlive it; at most `memory_limit` bytes per node. Not thread-safe.
NodeRunner make_node_runner(const ProviderList& providers, unsigned threads, uint64_t memory_limit);

/// Ranks as raises.h has them, by the kernels that the providers make. `providers` must outlive it. Not thread-safe.
ProviderRank make_provider_rank(const ProviderList& providers);

/// Whether the host or a provider has the operator in its table; what a provider may claim beside is not known yet. Of
/// providers that are loaded. `providers` must outlive it. Not thread-safe.
OperatorTest make_operator_test(const ProviderList& providers);

}  // namespace tenon::host
