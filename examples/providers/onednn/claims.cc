// Grows groups along the graph; see claims.h. A node joins the groups of what it reads, which then are one, unless a
// path would leave the group and come back. Other groups count as single nodes on that path: each is to become one.
#include "claims.h"

#include <algorithm>
#include <map>

#include "graph/op.h"

namespace onednn {
namespace {

constexpr int kNoGroup = -1;

/// A convolution's weight and bias, and a normalization's numbers, are packed or read: within a group as constants.
bool has_constant_parameters(const sdk::NodeView& node) {
  if (!node.is("Conv") && !node.is("BatchNormalization")) return true;
  for (uint32_t i = 1; i < node.input_count(); ++i)
    if (node.input(i) && !node.input(i).info().is_constant()) return false;
  return true;
}

bool is_costly(const sdk::NodeView& node) {
  return node.is("Conv") || node.is("MatMul") || node.is("Gemm");
}

class Grower {
 public:
  Grower(const sdk::GraphView& graph, const sdk::Claims& claims) {
    std::map<const tn_node*, int> indices;
    for (size_t i = 0; i < graph.node_count(); ++i) {
      const sdk::NodeView node = graph.node(i);
      indices.emplace(node.c(), static_cast<int>(i));
      std::vector<int> before;
      for (uint32_t j = 0; j < node.input_count(); ++j) {
        const sdk::NodeView producer = node.input(j) ? node.input(j).producer() : sdk::NodeView();
        const auto found = producer ? indices.find(producer.c()) : indices.end();
        if (found != indices.end()) before.push_back(found->second);
      }
      nodes_.push_back(node);
      before_.push_back(std::move(before));
      Numbering numbers;
      fits_.push_back(!claims.is_claimed(node) && has_constant_parameters(node) && read_op(node, numbers).is_ok());
    }
    group_of_.assign(nodes_.size(), kNoGroup);
  }

  void grow() {
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (!fits_[i]) continue;
      int group = static_cast<int>(members_.size());
      members_.push_back({static_cast<int>(i)});
      group_of_[i] = group;
      for (const int before : before_[i]) {
        const int other = group_of_[static_cast<size_t>(before)];
        if (other == kNoGroup || other == group || has_detour(other, group) || has_detour(group, other)) continue;
        group = merge(other, group);
      }
    }
  }

  sdk::Status claim(sdk::Claims& claims) {
    for (std::vector<int>& members : members_) {
      if (members.size() < 2) continue;
      std::sort(members.begin(), members.end());
      std::vector<sdk::NodeView> nodes;
      for (const int member : members) nodes.push_back(nodes_[static_cast<size_t>(member)]);
      if (std::none_of(nodes.begin(), nodes.end(), is_costly)) continue;
      TN_RETURN_IF_ERROR(claims.claim_group(nodes, label_of(nodes)));
    }
    return {};
  }

 private:
  static std::string label_of(const std::vector<sdk::NodeView>& nodes) {
    constexpr size_t kMost = 4;
    std::string text;
    for (size_t i = 0; i < nodes.size() && i < kMost; ++i)
      text += (i == 0 ? "" : "+") + std::string(nodes[i].op_type());
    return nodes.size() <= kMost ? text : sdk::concat(text, "+", nodes.size() - kMost, " more");
  }

  /// Whether a path leads from group `from` over a node outside of both to group `to`.
  bool has_detour(int from, int to) const {
    std::vector<bool> seen(nodes_.size(), false);
    std::vector<int> open;
    const auto visit = [&](int node) {
      if (seen[static_cast<size_t>(node)]) return;
      seen[static_cast<size_t>(node)] = true;
      open.push_back(node);
    };
    const auto visit_before = [&](int node) {
      for (const int before : before_[static_cast<size_t>(node)]) visit(before);
    };
    for (const int member : members_[static_cast<size_t>(to)])
      for (const int before : before_[static_cast<size_t>(member)])
        if (const int group = group_of_[static_cast<size_t>(before)]; group != from && group != to) visit(before);
    while (!open.empty()) {
      const int node = open.back();
      open.pop_back();
      const int group = group_of_[static_cast<size_t>(node)];
      if (group == from) return true;
      if (group == kNoGroup) {
        visit_before(node);
      } else if (group != to) {
        for (const int member : members_[static_cast<size_t>(group)]) visit_before(member);
      }
    }
    return false;
  }

  int merge(int kept, int gone) {
    for (const int member : members_[static_cast<size_t>(gone)]) {
      group_of_[static_cast<size_t>(member)] = kept;
      members_[static_cast<size_t>(kept)].push_back(member);
    }
    members_[static_cast<size_t>(gone)].clear();
    return kept;
  }

  std::vector<sdk::NodeView> nodes_;
  std::vector<std::vector<int>> before_;  // of each node, those that it reads from
  std::vector<bool> fits_;
  std::vector<int> group_of_;
  std::vector<std::vector<int>> members_;
};

}  // namespace

sdk::Status claim_groups(const sdk::GraphView& graph, sdk::Claims& claims) {
  Grower grower(graph, claims);
  grower.grow();
  return grower.claim(claims);
}

}  // namespace onednn
