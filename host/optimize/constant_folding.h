// Computes nodes whose inputs are all constant while the session opens, and hands their results to the graph.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "host/graph/graph.h"

namespace tenon::host {

/// Runs one node on the constants of its inputs; TN_UNSUPPORTED leaves the node for run time.
using NodeRunner = std::function<Result<std::vector<Tensor>>(const Node& node)>;

struct FoldOptions {
  uint64_t max_bytes = uint64_t{1} << 30;  // of results held in all; past it nodes stay for run time
  /// How much more than the model's own constants the results may hold: a small file cannot ask for much memory. Beyond
  /// it, those constants may be widened by Cast and DequantizeLinear, to as much as they would hold as floats.
  uint64_t max_growth_bytes = uint64_t{64} << 20;
};

struct FoldReport {
  size_t folded_nodes = 0;
  size_t views = 0;  // nodes among them that only look at a constant in another way: nothing was computed or copied
  uint64_t bytes = 0;
  std::vector<std::string> skipped;  // one reason per node that could have been folded but was not
};

/// Infers shapes and folds in one topological walk (each helps the other), then erases the folded nodes and constants
/// that nothing reads any more. Nodes with subgraphs, of sequence type, or random are never folded.
Result<FoldReport> fold_constants(Model& model, const NodeRunner& run_node, const FoldOptions& options = {});

}  // namespace tenon::host
