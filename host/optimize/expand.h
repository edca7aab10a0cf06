// Puts the nodes that the specification defines an operator by in the place of nodes that no provider takes.
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "host/graph/graph.h"

namespace tenon::host {

/// Whether a definition can take the place of the operator's nodes.
bool is_defined_by_others(const OpSchema& schema);
/// Expands those of `nodes`, of the model's graphs at any depth, whose operators have a definition (function_body.h or
/// node_function.h);
/// how many that were. Types of what is made are not inferred yet. A note names the nodes that are gone. The graph is
/// left finished. TN_UNSUPPORTED when it would grow past a limit.
Result<size_t> expand_functions(Model& model, const std::unordered_set<const Node*>& nodes,
                                std::vector<std::string>& notes);

}  // namespace tenon::host
