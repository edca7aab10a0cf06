// What the checks of nodes that the host runs have in common. Messages do not name the node. Pure functions.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "host/graph/graph.h"

namespace tenon::host {

/// TN_INVALID_MODEL unless `what` has as many as `why` says.
Status check_count(const char* what, size_t got, size_t expected, const char* why);
/// TN_INVALID_MODEL when an input from number `from` on is left out.
Status check_given(const Node& node, size_t from);
/// TN_INVALID_MODEL when one of the values is no tensor. `what`: "input"; `first`: the number of the first one.
Status check_tensors(const std::string& what, std::span<Value* const> values, size_t first = 0);

}  // namespace tenon::host
