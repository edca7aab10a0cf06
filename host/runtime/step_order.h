// The order in which steps can run when some of them are groups of nodes. Pure functions.
#pragma once

#include <vector>

#include "host/graph/graph.h"
#include "host/runtime/program.h"

namespace tenon::host {

/// True when every group can run as one step, all nodes outside of groups being steps of their own.
bool can_be_ordered(const Graph& graph, const std::vector<std::vector<const Node*>>& groups);

/// Sorts steps so that each comes after those whose values it reads. TN_INTERNAL when they wait for one another.
Status sort_steps(const Graph& graph, std::vector<Step>* steps);

}  // namespace tenon::host
