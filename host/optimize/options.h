// What passes are given, beside the model. Plain data and hooks; the hooks belong to one thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "host/graph/graph.h"
#include "host/optimize/constant_folding.h"
#include "host/optimize/raises/raises.h"

namespace tenon::host {

/// Whether the provider that would get this node of the ONNX domain wants it with its channels last.
using LayoutPreference = std::function<bool(const Node&)>;

struct OptimizeOptions {
  bool fold_constants = true;
  FoldOptions fold;
  NodeRunner run_node;                     // for folding
  bool rewrite_graph = true;               // all passes besides folding
  ProviderRank rank_provider;              // none: nothing is raised
  LayoutPreference prefers_channels_last;  // none: every node keeps its layout
};

/// What was done, for the session's report: each node that is gone is named or counted in it.
using OptimizeNotes = std::vector<std::string>;

}  // namespace tenon::host
