#include "host/plugins/claims.h"

#include <algorithm>
#include <variant>

#include "host/base/exceptions.h"
#include "host/plugins/abi/abi_sizes.h"
#include "host/plugins/abi/abi_tables.h"

namespace {

using tenon::host::error;
using tenon::host::Graph;
using tenon::host::Node;
using tenon::host::Status;
using tenon::host::Value;
using tenon::host::ValueType;

std::string name_of(const Node& node) {
  const std::string& name =
      node.name.empty() && !node.outputs.empty() && node.outputs[0] != nullptr ? node.outputs[0]->name : node.name;
  return tenon::host::concat("'", name, "' (", node.op_type, ")");
}

// Calls `visit` with each value that the node reads or computes.
template <typename Visit>
void for_each_value(const Node& node, Visit&& visit) {
  for (const Value* v : node.inputs)
    if (v != nullptr) visit(*v);
  for (const Value* v : node.outputs)
    if (v != nullptr) visit(*v);
}

}  // namespace

tn_claims::tn_claims(const Graph& graph, const std::map<const Node*, std::string>& taken, bool can_compile)
    : taken_(taken), can_compile_(can_compile) {
  for (const auto& node : graph.nodes()) {
    position_.emplace(node.get(), nodes_.size());
    nodes_.push_back(node.get());
  }
  graph_outputs_.insert(graph.outputs.begin(), graph.outputs.end());
}

bool tn_claims::is_claimed(const Node* node) const {
  return taken_.count(node) > 0 || claimed_.count(node) > 0;
}

void tn_claims::refuse(const Node* node, std::string reason) {
  if (position_.count(node) == 0 || is_claimed(node)) return;
  result_.refusals.insert_or_assign(node, reason.empty() ? "the provider refuses it without a reason" : reason);
}

Status tn_claims::claim_group(const std::vector<const Node*>& nodes, std::string label, uint64_t tag) {
  if (!can_compile_) return error(TN_INTERNAL, "a group is claimed by a provider whose table has no compile hook");
  TENON_RETURN_IF_ERROR(check_members(nodes));
  const NodeSet group(nodes.begin(), nodes.end());
  if (group.size() != nodes.size()) return error(TN_INTERNAL, "the group '", label, "' names a node twice");

  tenon::host::ClaimedGroup claimed;
  for (const Node* n : group) claimed.nodes.push_back(nodes_[position_.at(n)]);
  std::sort(claimed.nodes.begin(), claimed.nodes.end(),
            [this](const Node* a, const Node* b) { return position_.at(a) < position_.at(b); });
  TENON_RETURN_IF_ERROR(check_connected(group));
  TENON_RETURN_IF_ERROR(check_convex(group, position_.at(claimed.nodes.back())));
  TENON_RETURN_IF_ERROR(find_interface(group, claimed));

  claimed.label = std::move(label);
  claimed.tag = tag;
  if (claimed.label.empty())
    for (const Node* n : claimed.nodes) claimed.label += (claimed.label.empty() ? "" : "+") + n->op_type;
  for (const Node* n : group) result_.refusals.erase(n);
  claimed_.insert(group.begin(), group.end());
  result_.groups.push_back(std::move(claimed));
  return {};
}

Status tn_claims::check_members(const std::vector<const Node*>& nodes) const {
  if (nodes.empty()) return error(TN_INTERNAL, "a claimed group has no nodes");
  for (const Node* n : nodes) {
    if (position_.count(n) == 0)
      return error(TN_INTERNAL, "a claimed group holds something that is no node of the graph that was offered");
    if (is_claimed(n)) return error(TN_UNSUPPORTED, "node ", name_of(*n), " is claimed already");
    if (has_subgraph(*n))
      return error(TN_UNSUPPORTED, "node ", name_of(*n), " has a subgraph: control flow is the host's own");
    bool only_tensors = true;
    for_each_value(*n, [&](const Value& v) { only_tensors &= v.type.kind == ValueType::Kind::kTensor; });
    if (!only_tensors)
      return error(TN_UNSUPPORTED, "node ", name_of(*n),
                   " reads or computes a value that is no tensor: only tensors cross to providers");
  }
  return {};
}

// Connected: every node is reached from any other over values that both touch, constants not counted.
Status tn_claims::check_connected(const NodeSet& group) const {
  std::vector<const Node*> pending = {*group.begin()};
  NodeSet reached = {*group.begin()};
  const auto reach = [&](const Node* n) {
    if (n != nullptr && group.count(n) > 0 && reached.insert(n).second) pending.push_back(n);
  };
  while (!pending.empty()) {
    const Node* n = pending.back();
    pending.pop_back();
    for_each_value(*n, [&](const Value& v) {
      if (v.is_constant()) return;
      reach(v.producer);
      for (const tenon::host::Use& use : v.uses) reach(use.node);
    });
  }
  if (reached.size() == group.size()) return {};
  const auto apart = std::find_if(group.begin(), group.end(), [&](const Node* n) { return reached.count(n) == 0; });
  return error(TN_UNSUPPORTED, "the group is not connected: no value joins node ", name_of(**group.begin()),
               " to node ", name_of(**apart));
}

// Convex: no path leaves the group and comes back. Topological order bounds the search.
Status tn_claims::check_convex(const NodeSet& group, size_t last_position) const {
  std::vector<const Node*> pending(group.begin(), group.end());
  NodeSet outside;
  while (!pending.empty()) {
    const Node* n = pending.back();
    pending.pop_back();
    for (const Value* v : n->outputs) {
      if (v == nullptr) continue;
      for (const tenon::host::Use& use : v->uses) {
        const Node* consumer = use.node;
        const auto position = position_.find(consumer);
        if (position == position_.end() || position->second > last_position) continue;
        if (group.count(consumer) == 0) {
          if (outside.insert(consumer).second) pending.push_back(consumer);
        } else if (group.count(n) == 0) {
          return error(TN_UNSUPPORTED, "a path leaves the group and comes back: node ", name_of(*consumer),
                       " of the group depends on node ", name_of(*n), " outside of it, which depends on the group");
        }
      }
    }
  }
  return {};
}

Status tn_claims::find_interface(const NodeSet& group, tenon::host::ClaimedGroup& claimed) const {
  std::unordered_set<const Value*> seen;
  for (const Node* n : claimed.nodes) {
    for (Value* v : n->inputs) {
      if (v == nullptr || group.count(v->producer) > 0) continue;
      if (seen.insert(v).second) claimed.inputs.push_back(v);
    }
    for (Value* v : n->outputs) {
      if (v == nullptr) continue;
      const bool read_outside =
          std::any_of(v->uses.begin(), v->uses.end(), [&](const auto& use) { return group.count(use.node) == 0; });
      if (read_outside || graph_outputs_.count(v) > 0) claimed.outputs.push_back(v);
    }
  }
  if (claimed.outputs.empty())
    return error(TN_UNSUPPORTED, "nothing outside of the group reads what it computes, from node ",
                 name_of(*claimed.nodes.front()), " on");
  return {};
}

namespace tenon::host {
namespace {

tn_status* claim_group(tn_claims* claims, const tn_claim* claim) {
  try {
    if (claim == nullptr || claim->struct_size < kClaimSizeV1)
      return to_abi(error(TN_INTERNAL, "claim_group is given no tn_claim with struct_size set"));
    std::vector<const Node*> group;
    for (size_t i = 0; claim->nodes != nullptr && i < claim->node_count; ++i)
      group.push_back(from_abi(claim->nodes[i]));
    return to_abi(claims->claim_group(group, text_of(claim->label), claim->tag));
  } catch (...) {
    return to_abi(status_of_exception([](const char* what) { return error(TN_INTERNAL, "claim_group: ", what); }));
  }
}

bool is_claimed(const tn_claims* claims, const tn_node* node) {
  return claims->is_claimed(from_abi(node));
}

void refuse(tn_claims* claims, const tn_node* node, tn_str reason) {
  try {
    claims->refuse(from_abi(node), text_of(reason));
  } catch (const std::exception&) {
    GraphScope::note_lack_of_memory();
  }
}

constexpr tn_claims_api kClaimsApi = {sizeof(tn_claims_api), 0, claim_group, is_claimed, refuse};

}  // namespace

const tn_claims_api& claims_api() {
  return kClaimsApi;
}

}  // namespace tenon::host
