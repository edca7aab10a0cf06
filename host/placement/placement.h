// Decides which provider runs which node, and says why. Used by one thread while a session opens.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "host/graph/graph.h"
#include "host/plugins/provider.h"
#include "host/report/report.h"
#include "host/runtime/program.h"

namespace tenon::host {

using ProviderList = std::vector<std::unique_ptr<Provider>>;  // in the user's order

/// Where values of a run lie, so that providers in other processes reach them; nullptr: anywhere.
std::shared_ptr<RegionSource> shared_memory(const ProviderList& providers);

struct Placement {
  std::vector<Step> steps;               // in an order that they can run in
  std::vector<NodePlacement> decisions;  // one per node, in the order of for_each_node()
  std::vector<std::string> notes;
  std::unordered_set<const Node*> missing;  // that nobody takes; then the steps cannot be run
  Status why_missing;                       // TN_NO_KERNEL with every provider's reason for the first one
};

/// Offers the nodes of each graph to each provider in turn: first for groups to compile, then one by one; what is left
/// goes to the next. Operators of the host's table are its own; nodes of their subgraphs are offered alike. Nodes that
/// nobody takes are no error here.
Result<Placement> place_nodes(const Model& model, const ProviderList& providers);

/// Visits the nodes in topological order, each before those of its subgraphs. `within`: the path of subgraphs to the
/// node, "" or "loop1.body/if2.then_branch/".
void for_each_node(const Graph& graph, const std::function<void(const Node&, const std::string& within)>& visit);

/// What a report says of the node itself; provider, kernel and reason are empty.
NodePlacement placement_of(const Node& node, const std::string& within);

/// The step of a node of the host's; its bodies have their graphs, but no steps yet.
Step host_step(const Node& node);

}  // namespace tenon::host
