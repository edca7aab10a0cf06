// Groups of elementwise nodes: as large as they get while they stay connected, convex and within what a program holds.
#pragma once

#include <tenon/sdk/graph.hpp>

namespace tenon::cpu_blas {

/// Claims groups of two elementwise nodes or more among those that are not claimed. `grouped`: the groups claimed
/// before, which paths between groups lead through.
sdk::Status claim_elementwise(const sdk::GraphView& graph, const std::vector<std::vector<sdk::NodeView>>& grouped,
                              sdk::Claims& claims);

}  // namespace tenon::cpu_blas
