#include "ml/tree_nodes.h"

#include <algorithm>
#include <set>
#include <utility>

#include "ml/scores.h"

namespace tenon::cpu_ref {
namespace {

constexpr const char* kModes[kTreeTests] = {"BRANCH_LEQ", "BRANCH_LT",  "BRANCH_GTE",   "BRANCH_GT",
                                            "BRANCH_EQ",  "BRANCH_NEQ", "BRANCH_MEMBER"};

using NodeId = std::pair<int64_t, int64_t>;  // tree and node

class NodeLists {
 public:
  NodeLists(const sdk::KernelInfo& info, std::string kind) : info_(info), kind_(std::move(kind)) {}

  sdk::Result<TreeLists> read(int64_t target_count) {
    out_.forest.target_count = target_count;
    TN_RETURN_IF_ERROR(read_ids());
    TN_RETURN_IF_ERROR(read_modes());
    TN_RETURN_IF_ERROR(read_tests());
    add_roots();
    TN_RETURN_IF_ERROR(read_weights());
    TN_ASSIGN_OR_RETURN(Numbers base, read_numbers(info_, "base_values", tensor("base_values")));
    out_.base_values = std::move(base.values);
    out_.are_double = out_.are_double || base.are_double;
    return std::move(out_);
  }

 private:
  /// The name of the list as a tensor, where the operator's form has it.
  std::string tensor(const std::string& list) const {
    return info_.since_version() >= 3 ? list + "_as_tensor" : std::string();
  }

  sdk::Status read_list(const char* name, std::vector<int64_t>* list) const {
    *list = info_.attr_ints(name);
    return check_length(name, list->size(), trees_.size(), "nodes_treeids");
  }

  sdk::Status read_ids() {
    trees_ = info_.attr_ints("nodes_treeids");
    std::vector<int64_t> nodes;
    TN_RETURN_IF_ERROR(read_list("nodes_nodeids", &nodes));
    for (size_t i = 0; i < nodes.size(); ++i) ids_.push_back({{trees_[i], nodes[i]}, i});
    std::sort(ids_.begin(), ids_.end());
    for (size_t i = 1; i < ids_.size(); ++i)
      if (ids_[i].first == ids_[i - 1].first)
        return sdk::invalid_model("tree ", ids_[i].first.first, " has two nodes ", ids_[i].first.second,
                                  " in nodes_nodeids, expected each id once");
    return {};
  }

  /// The place in the lists.
  sdk::Result<size_t> find(int64_t tree, int64_t node, std::string_view list) const {
    const auto found = std::lower_bound(ids_.begin(), ids_.end(), std::pair(NodeId(tree, node), size_t{0}));
    if (found == ids_.end() || found->first != NodeId(tree, node))
      return sdk::invalid_model("attribute ", list, " names node ", node, " of tree ", tree,
                                ", which nodes_nodeids and nodes_treeids do not have");
    return found->second;
  }

  /// Numbers tests and leaves in the order of the lists.
  sdk::Status read_modes() {
    const std::vector<std::string> modes = info_.attr_strings("nodes_modes");
    TN_RETURN_IF_ERROR(check_length("nodes_modes", modes.size(), trees_.size(), "nodes_treeids"));
    for (const std::string& mode : modes) {
      const auto* const known = std::find(kModes, kModes + kTreeTests - 1, mode);
      if (mode == "LEAF") {
        places_.push_back(~out_.forest.leaf_count++);
      } else if (known == kModes + kTreeTests - 1) {
        return sdk::invalid_model("attribute nodes_modes has '", mode, "', expected LEAF, BRANCH_LEQ, BRANCH_LT, ",
                                  "BRANCH_GTE, BRANCH_GT, BRANCH_EQ or BRANCH_NEQ");
      } else {
        places_.push_back(static_cast<int64_t>(out_.forest.tests.size()));
        out_.forest.tests.emplace_back().test = static_cast<TreeTest>(known - kModes);
      }
    }
    return {};
  }

  sdk::Status read_tests() {
    std::vector<int64_t> features, missing = info_.attr_ints("nodes_missing_value_tracks_true");
    TN_RETURN_IF_ERROR(read_list("nodes_featureids", &features));
    TN_RETURN_IF_ERROR(read_list("nodes_truenodeids", &next_[0]));
    TN_RETURN_IF_ERROR(read_list("nodes_falsenodeids", &next_[1]));
    if (!missing.empty())
      TN_RETURN_IF_ERROR(
          check_length("nodes_missing_value_tracks_true", missing.size(), trees_.size(), "nodes_treeids"));
    TN_ASSIGN_OR_RETURN(const Numbers values, read_numbers(info_, "nodes_values", tensor("nodes_values")));
    TN_RETURN_IF_ERROR(check_length("nodes_values", values.values.size(), trees_.size(), "nodes_treeids"));
    out_.are_double = out_.are_double || values.are_double;
    for (size_t i = 0; i < trees_.size(); ++i) {
      if (places_[i] < 0) continue;
      RawTest& test = out_.forest.tests[static_cast<size_t>(places_[i])];
      test.feature = features[i];
      test.value = values.values[i];
      test.missing_is_true = !missing.empty() && missing[i] == 1;
      for (int branch : {0, 1}) {
        TN_ASSIGN_OR_RETURN(const size_t at, find(trees_[i], next_[branch][i],
                                                  branch == 0 ? "nodes_truenodeids" : "nodes_falsenodeids"));
        test.next[branch] = places_[at];
      }
    }
    return {};
  }

  void add_roots() {
    std::set<int64_t> seen;
    for (size_t i = 0; i < trees_.size(); ++i)
      if ((i == 0 || trees_[i] != trees_[i - 1]) && seen.insert(trees_[i]).second)
        out_.forest.roots.push_back(places_[i]);
  }

  sdk::Status read_weights() {
    const std::vector<int64_t> targets = info_.attr_ints(kind_ + "_ids"), nodes = info_.attr_ints(kind_ + "_nodeids"),
                               trees = info_.attr_ints(kind_ + "_treeids");
    TN_RETURN_IF_ERROR(check_length(kind_ + "_nodeids", nodes.size(), targets.size(), kind_ + "_ids"));
    TN_RETURN_IF_ERROR(check_length(kind_ + "_treeids", trees.size(), targets.size(), kind_ + "_ids"));
    TN_ASSIGN_OR_RETURN(const Numbers weights, read_numbers(info_, kind_ + "_weights", tensor(kind_ + "_weights")));
    TN_RETURN_IF_ERROR(check_length(kind_ + "_weights", weights.values.size(), targets.size(), kind_ + "_ids"));
    out_.are_double = out_.are_double || weights.are_double;
    out_.has_one_target = !targets.empty() && std::count(targets.begin(), targets.end(), targets[0]) ==
                                                  static_cast<int64_t>(targets.size());
    for (size_t i = 0; i < targets.size(); ++i) {
      out_.has_negative = out_.has_negative || weights.values[i] < 0;
      TN_ASSIGN_OR_RETURN(const size_t at, find(trees[i], nodes[i], kind_ + "_nodeids"));
      if (places_[at] < 0) out_.forest.weights.push_back({~places_[at], targets[i], weights.values[i]});
    }
    return {};
  }

  const sdk::KernelInfo& info_;
  const std::string kind_;
  std::vector<int64_t> trees_, next_[2];
  std::vector<std::pair<NodeId, size_t>> ids_;  // in ascending order, with the place in the lists
  std::vector<int64_t> places_;                 // of each node among the tests, ~i: leaf i
  TreeLists out_;
};

}  // namespace

sdk::Result<TreeLists> read_tree_lists(const sdk::KernelInfo& info, const std::string& kind, int64_t target_count) {
  return NodeLists(info, kind).read(target_count);
}

}  // namespace tenon::cpu_ref
