#include "fusion/elementwise_groups.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <unordered_map>

#include "programs/lower.h"

namespace tenon::cpu_blas {
namespace {

constexpr size_t kMostVisits = 1024;  // of one search for a path: past it, groups stay apart

/// The graph with its groups as they grow. Groups are named by their first node; a node alone is a group of one. Seen
/// as one node each, groups never form a circle: two are joined where one reads the other and no path leads around.
class Grouping {
 public:
  explicit Grouping(const sdk::GraphView& graph) {
    for (size_t i = 0; i < graph.node_count(); ++i) {
      nodes_.push_back(graph.node(i));
      position_.emplace(nodes_.back().c(), i);
    }
    group_of_.resize(nodes_.size());
    std::iota(group_of_.begin(), group_of_.end(), size_t(0));
    members_.resize(nodes_.size());
    for (size_t i = 0; i < nodes_.size(); ++i) members_[i] = {i};
    last_from_ = group_of_;
  }

  size_t size() const { return nodes_.size(); }
  const sdk::NodeView& node(size_t i) const { return nodes_[i]; }
  size_t group_of(size_t i) const { return group_of_[i]; }
  const std::vector<size_t>& members(size_t group) const { return members_[group]; }

  size_t position(const sdk::NodeView& node) const {
    const auto found = position_.find(node.c());
    return found == position_.end() ? nodes_.size() : found->second;
  }

  /// The groups that nodes of this one read.
  std::set<size_t> read_by(size_t group) const {
    std::set<size_t> groups;
    for (const size_t i : members_[group])
      for (uint32_t k = 0; k < nodes_[i].input_count(); ++k) {
        const sdk::ValueView value = nodes_[i].input(k);
        if (!value || !value.producer()) continue;
        const size_t at = position(value.producer());
        if (at < nodes_.size() && group_of_[at] != group) groups.insert(group_of_[at]);
      }
    return groups;
  }

  /// Whether `reader`, which reads `read`, also does so by way of other groups; true where it takes long to tell.
  bool is_reached_around(size_t read, size_t reader) const {
    const size_t first = members_[read].front();
    std::vector<size_t> pending;
    std::set<size_t> seen{read, reader};
    const auto go_on = [&](size_t group) {
      for (const size_t next : read_by(group))
        if (last_from_[members_[next].back()] > first && seen.insert(next).second) pending.push_back(next);
    };
    go_on(reader);
    while (!pending.empty()) {
      if (seen.size() > kMostVisits) return true;
      const size_t group = pending.back();
      pending.pop_back();
      if (read_by(group).count(read) > 0) return true;
      go_on(group);
    }
    return false;
  }

  void join(size_t into, size_t other) {
    if (other < into) std::swap(into, other);
    for (const size_t i : members_[other]) group_of_[i] = into;
    std::vector<size_t> all;
    std::merge(members_[into].begin(), members_[into].end(), members_[other].begin(), members_[other].end(),
               std::back_inserter(all));
    members_[into] = std::move(all);
    members_[other].clear();
    for (size_t i = into; i < last_from_.size() && last_from_[i] < members_[into].back(); ++i)
      last_from_[i] = members_[into].back();
  }

 private:
  std::vector<sdk::NodeView> nodes_;
  std::unordered_map<const tn_node*, size_t> position_;
  std::vector<size_t> group_of_;              // by node
  std::vector<std::vector<size_t>> members_;  // by group, in topological order
  // By node: the last member of any group that has one up to here. What reads nothing later comes to no later node.
  std::vector<size_t> last_from_;
};

}  // namespace

sdk::Status claim_elementwise(const sdk::GraphView& graph, const std::vector<std::vector<sdk::NodeView>>& grouped,
                              sdk::Claims& claims) {
  Grouping grouping(graph);
  for (const std::vector<sdk::NodeView>& nodes : grouped)
    for (const sdk::NodeView& node : nodes) {
      const size_t into = grouping.group_of(grouping.position(nodes[0]));
      const size_t other = grouping.group_of(grouping.position(node));
      if (into != other) grouping.join(into, other);
    }
  std::vector<NodeSize> sizes(grouping.size());  // by group; no instructions: not one of ours
  for (size_t i = 0; i < grouping.size(); ++i)
    if (!claims.is_claimed(grouping.node(i))) sizes[i] = size_in_program(grouping.node(i)).value_or(NodeSize());
  for (size_t i = 0; i < grouping.size(); ++i) {
    if (sizes[i].instructions == 0) continue;
    for (const size_t read : grouping.read_by(grouping.group_of(i))) {
      const size_t group = grouping.group_of(i), other = grouping.group_of(read);
      if (other == group || sizes[other].instructions == 0) continue;
      const NodeSize both{sizes[group].instructions + sizes[other].instructions,
                          sizes[group].inputs + sizes[other].inputs - 1};
      if (both.instructions > Program::kMostInstructions || both.inputs > Program::kMostInputs) continue;
      if (grouping.is_reached_around(other, group)) continue;
      grouping.join(other, group);
      sizes[std::min(other, group)] = both;
    }
  }
  for (size_t i = 0; i < grouping.size(); ++i) {
    if (grouping.group_of(i) != i || grouping.members(i).size() < 2 || sizes[i].instructions == 0) continue;
    std::vector<sdk::NodeView> nodes;
    std::string label;
    for (const size_t k : grouping.members(i)) {
      nodes.push_back(grouping.node(k));
      label += (label.empty() ? "" : "+") + std::string(nodes.back().op_type());
    }
    TN_RETURN_IF_ERROR(claims.claim_group(nodes, label));
  }
  return {};
}

}  // namespace tenon::cpu_blas
