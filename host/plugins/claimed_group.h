// What a provider claims of a graph.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "host/graph/graph.h"

namespace tenon::host {

/// Nodes that a provider compiles into one kernel, with the group's interface: the kernel's inputs and outputs in
/// order.
struct ClaimedGroup {
  std::vector<Node*> nodes;  // topological order
  std::string label;
  uint64_t tag = 0;  // the provider's own
  std::vector<Value*> inputs;
  std::vector<Value*> outputs;
};

/// What a provider's claim hook asked for.
struct ClaimResult {
  std::vector<ClaimedGroup> groups;
  std::map<const Node*, std::string> refusals;
};

}  // namespace tenon::host
