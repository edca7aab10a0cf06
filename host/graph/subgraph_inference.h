// Types that cross between a control flow node (If, Loop, Scan) and its subgraphs. Stateless.
#pragma once

#include <optional>
#include <vector>

#include "host/graph/graph.h"

namespace tenon::host {

/// Gives the inputs of the node's subgraphs what the node's own inputs tell of them, where nothing is declared.
void prepare_subgraph_inputs(Node& node);
/// What the inferred subgraphs tell of the node's outputs, one entry per output; nothing for unknown operators.
std::vector<std::optional<ValueType>> types_from_subgraphs(const Node& node);

}  // namespace tenon::host
