// Which nodes are control flow that the host runs, and whether they are of a form that it can run. Pure functions.
#pragma once

#include <vector>

#include "host/graph/graph.h"

namespace tenon::host {

/// The subgraphs of an If (then, else), Loop or Scan, as far as they are there; nothing for other operators.
std::vector<Graph*> control_flow_bodies(const Node& node);

/// OK when the host can run the node. TN_INVALID_MODEL: its subgraphs do not have the inputs and outputs that the
/// operator asks for. TN_UNSUPPORTED: another operator, or a value that is no tensor. Messages do not name the node.
Status check_control_flow(const Node& node);

}  // namespace tenon::host
