// What passes are given, beside the model. Plain data and hooks; the hooks belong to one thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "host/graph/graph.h"
#include "host/optimize/constant_folding.h"
#include "host/optimize/raises/raises.h"

namespace tenon::host {

/// What the provider that would get this node of the ONNX domain says of having it with its channels last: it wants
/// that, whatever is around it; or it runs it so where what the node reads is there with channels last.
enum class LayoutWish { kNone, kTakes, kWants };
using LayoutPreference = std::function<LayoutWish(const Node&)>;

struct OptimizeOptions {
  bool fold_constants = true;
  FoldOptions fold;
  NodeRunner run_node;                     // for folding
  bool rewrite_graph = true;               // all passes besides folding
  ProviderRank rank_provider;              // none: nothing is raised
  LayoutPreference layout_wish;            // none: every node keeps its layout
};

/// What was done, for the session's report: each node that is gone is named or counted in it.
using OptimizeNotes = std::vector<std::string>;

}  // namespace tenon::host
