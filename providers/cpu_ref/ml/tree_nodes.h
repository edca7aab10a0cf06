// Reads the lists of nodes that TreeEnsembleClassifier and TreeEnsembleRegressor have as attributes.
#pragma once

#include "ml/forest.h"

namespace tenon::cpu_ref {

/// Which lists the weights of leaves are in: "class" or "target" before _ids, _nodeids, _treeids and _weights.
struct TreeLists {
  RawForest forest;
  std::vector<double> base_values;
  bool are_double = false;      // whether a list came as doubles
  bool has_negative = false;    // among all weights, those that are left aside too
  bool has_one_target = false;  // all of them are for
};

/// A node's first appearance in nodes_treeids is its tree's root, as nodes are found by tree and node id. Weights of
/// nodes that are no leaves are left aside, as converters write such. TN_INVALID_MODEL: lists of different lengths, ids
/// that no node has or two have.
sdk::Result<TreeLists> read_tree_lists(const sdk::KernelInfo& info, const std::string& kind, int64_t target_count);

}  // namespace tenon::cpu_ref
