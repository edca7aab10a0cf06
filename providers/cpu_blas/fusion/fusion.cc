// Claiming and compiling of groups; see fusion.h.
#include "fusion/fusion.h"

#include <algorithm>

#include "fusion/conv_group.h"
#include "fusion/elementwise_groups.h"
#include "fusion/gemm_group.h"
#include "fusion/matmul_group.h"
#include "programs/elementwise_kernel.h"

namespace tenon::cpu_blas {
namespace {

bool is_conv(const sdk::NodeView& node) {
  return node.is("Conv") || node.is("Conv", kChannelsLastDomain) || node.is("ConvTranspose", kChannelsLastDomain);
}

}  // namespace

sdk::Status claim_groups(const sdk::Instance&, const sdk::GraphView& graph, sdk::Claims& claims) {
  const MayJoin unclaimed = [&](const sdk::NodeView& node) { return !claims.is_claimed(node); };
  std::vector<std::vector<sdk::NodeView>> grouped;
  for (size_t i = 0; i < graph.node_count(); ++i) {
    const sdk::NodeView node = graph.node(i);
    if (claims.is_claimed(node)) continue;
    std::vector<sdk::NodeView> nodes;
    std::string label;
    const auto take = [&](const Chain& chain) { nodes = chain.nodes, label = chain.label(); };
    if (is_conv(node)) take(match_conv_group(node, unclaimed).chain);
    if (node.is("Gemm")) take(match_gemm_group(node, unclaimed).chain);
    if (node.is("MatMul")) take(match_matmul_group(node, unclaimed).chain);
    if (nodes.size() < 2) continue;
    TN_RETURN_IF_ERROR(claims.claim_group(nodes, label));
    grouped.push_back(std::move(nodes));
  }
  return claim_elementwise(graph, grouped, claims);
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
    if (node.is("Gemm")) {
      const GemmGroup match = match_gemm_group(node, is_member);
      if (match.chain.nodes.size() == members.size()) return make_gemm_group(match, group);
    }
    if (node.is("MatMul")) {
      const MatMulGroup match = match_matmul_group(node, is_member);
      if (match.chain.nodes.size() == members.size()) return make_matmul_group(match, group);
    }
  }
  return make_elementwise_group(group);
}

}  // namespace tenon::cpu_blas
