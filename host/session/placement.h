// Decides which provider runs which node, and says why. Used by one thread while a session opens.
#pragma once

#include <memory>
#include <vector>

#include "host/graph/graph.h"
#include "host/plugins/provider.h"
#include "host/session/program.h"
#include "host/session/report.h"

namespace tenon::host {

using ProviderList = std::vector<std::unique_ptr<Provider>>;  // in the user's order

struct Placement {
  std::vector<Step> steps;               // in an order that they can run in
  std::vector<NodePlacement> decisions;  // one per node, in topological order
  std::vector<std::string> notes;
};

/// Offers the nodes to each provider in turn: first for groups to compile, then one by one; what is left goes to the
/// next. A node that nobody takes is TN_UNSUPPORTED with every provider's reason; with `require_all` false it is only
/// recorded, and the steps cannot be run.
Result<Placement> place_nodes(const Model& model, const ProviderList& providers, bool require_all);

/// What a report says of the node itself; provider, kernel and reason are empty.
NodePlacement placement_of(const Node& node);

/// True for nodes with subgraphs (If, Loop, Scan): they belong to the host, which does not run them yet.
bool has_subgraph(const Node& node);

}  // namespace tenon::host
