// Runs the passes of the table in optimizer.cc over a model, between import and placement. Each keeps what the model
// computes, the names of its inputs and outputs, and its graphs finished. One thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "host/graph/graph.h"
#include "host/optimize/constant_folding.h"
#include "host/optimize/raises/raises.h"

namespace tenon::host {

struct OptimizeOptions {
  bool fold_constants = true;
  FoldOptions fold;
  NodeRunner run_node;         // for folding
  ProviderRank rank_provider;  // for raises, of which there are none without it
  bool rewrite_graph = true;   // all passes besides folding
};

/// What was done, for the session's report: each node that is gone is named or counted in it.
using OptimizeNotes = std::vector<std::string>;

/// Types and shapes are inferred afterwards. `end_stage`: called after each pass with its name.
Result<OptimizeNotes> optimize(Model& model, const OptimizeOptions& options,
                               const std::function<void(const char*)>& end_stage = {});

/// Another text for each set of passes, rules and operator facts that this build was made of: a digest of the sources
/// of host/optimize and host/graph, so that who changes one of them has no version to count up. Not of comments' worth:
/// a comment changes it, too, which costs each model one opening without its pack.
const char* optimizer_fingerprint();

}  // namespace tenon::host
