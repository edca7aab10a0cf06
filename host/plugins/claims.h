// What a provider's claim hook collects: groups of nodes, held against the rules of tn_claims_api, and refusals. One
// object per call of the hook; not thread-safe, as the hook is not.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "host/base/status.h"
#include "host/plugins/claimed_group.h"

struct tn_claims {
 public:
  /// Borrows `graph` and `taken` until the hook has returned. `can_compile`: the provider has a compile hook.
  tn_claims(const tenon::host::Graph& graph, const std::map<const tenon::host::Node*, std::string>& taken,
            bool can_compile);

  /// See tn_claims_api. An error changes nothing.
  tenon::host::Status claim_group(const std::vector<const tenon::host::Node*>& nodes, std::string label,
                                  uint64_t tag = 0);
  bool is_claimed(const tenon::host::Node* node) const;
  void refuse(const tenon::host::Node* node, std::string reason);
  tenon::host::ClaimResult take() { return std::move(result_); }

 private:
  using Node = tenon::host::Node;
  using Value = tenon::host::Value;
  using NodeSet = std::unordered_set<const Node*>;

  tenon::host::Status check_members(const std::vector<const Node*>& nodes) const;
  tenon::host::Status check_connected(const NodeSet& group) const;
  tenon::host::Status check_convex(const NodeSet& group, size_t last_position) const;
  tenon::host::Status find_interface(const NodeSet& group, tenon::host::ClaimedGroup& claimed) const;

  const std::map<const Node*, std::string>& taken_;
  const bool can_compile_;
  std::unordered_map<const Node*, size_t> position_;  // in topological order, of the graph's own nodes
  std::vector<Node*> nodes_;                          // by position
  std::unordered_set<const Value*> graph_outputs_;
  NodeSet claimed_;
  tenon::host::ClaimResult result_;
};
