// What the checks of nodes that the host runs have in common. Messages do not name the node. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "host/graph/graph.h"

namespace tenon::host {

/// TN_INVALID_MODEL unless `what` has as many as `why` says.
Status check_count(const char* what, size_t got, size_t expected, const char* why);
/// TN_INVALID_MODEL when an input from number `from` on is left out.
Status check_given(const Node& node, size_t from);
/// TN_UNSUPPORTED when a value that control flow reads, computes or hands on is no tensor.
Status check_only_tensors(const Node& node, const std::vector<Graph*>& bodies);

}  // namespace tenon::host
