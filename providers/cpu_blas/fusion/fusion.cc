// Claiming and compiling of groups; see fusion.h.
#include "fusion/fusion.h"

#include <algorithm>

#include "fusion/conv_group.h"
#include "fusion/matmul_group.h"

namespace tenon::cpu_blas {
namespace {

bool is_conv(const sdk::NodeView& node) {
  return node.is("Conv") || node.is("Conv", kChannelsLastDomain);
}

}  // namespace

sdk::Status claim_groups(const sdk::Instance&, const sdk::GraphView& graph, sdk::Claims& claims) {
  const MayJoin unclaimed = [&](const sdk::NodeView& node) { return !claims.is_claimed(node); };
  for (size_t i = 0; i < graph.node_count(); ++i) {
    const sdk::NodeView node = graph.node(i);
    if (claims.is_claimed(node)) continue;
    std::vector<sdk::NodeView> nodes;
    std::string label;
    const auto take = [&](const Chain& chain) { nodes = chain.nodes, label = chain.label(); };
    if (is_conv(node)) take(match_conv_group(node, unclaimed).chain);
    if (node.is("MatMul")) take(match_matmul_group(node, unclaimed).chain);
    if (nodes.size() > 1) TN_RETURN_IF_ERROR(claims.claim_group(nodes, label));
  }
  return {};
}

sdk::Result<sdk::KernelPtr> compile_group(const sdk::Instance&, const sdk::GroupInfo& group) {
  std::vector<sdk::NodeView> members;
  for (size_t i = 0; i < group.node_count(); ++i) members.push_back(group.node(i));
  const MayJoin is_member = [&](const sdk::NodeView& node) {
    return std::find(members.begin(), members.end(), node) != members.end();
  };
  for (const sdk::NodeView& node : members) {
    if (is_conv(node)) {
      const ConvGroup match = match_conv_group(node, is_member);
      if (match.chain.nodes.size() == members.size()) return make_conv_group(match, group);
    }
    if (node.is("MatMul")) {
      const MatMulGroup match = match_matmul_group(node, is_member);
      if (match.chain.nodes.size() == members.size()) return make_matmul_group(match, group);
    }
  }
  return sdk::Status(TN_UNSUPPORTED, "the group to compile is not one that cpu_blas claims");
}

}  // namespace tenon::cpu_blas
