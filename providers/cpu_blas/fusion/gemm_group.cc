// Groups that start with a Gemm; see gemm_group.h.
#include "fusion/gemm_group.h"

#include "matmul/gemm_kernel.h"

namespace tenon::cpu_blas {

GemmGroup match_gemm_group(const sdk::NodeView& gemm, const MayJoin& may_join) {
  GemmGroup group{Chain(gemm), {}, {}};
  if (gemm.input(0).info().dtype() != TN_FLOAT || gemm.since_version() < 7) return group;
  append_activation(may_join, &group.chain, &group.activation);
  group.tail = match_tail(group.chain.end, may_join);
  append_tail(group.tail, &group.chain);
  return group;
}

sdk::Result<sdk::KernelPtr> make_gemm_group(const GemmGroup& group, const sdk::GraphView& graph) {
  const sdk::NodeView& gemm = group.chain.nodes[0];
  GemmPlan plan(gemm);
  plan.a = static_cast<uint32_t>(graph.input_index(gemm.input(0)));
  plan.b = static_cast<uint32_t>(graph.input_index(gemm.input(1)));
  if (plan.c >= 0) plan.c = graph.input_index(gemm.input(2));
  plan.activation = group.activation;
  TN_ASSIGN_OR_RETURN(plan.tail, make_tail(group.tail, graph));
  return sdk::KernelPtr(std::make_unique<GemmKernel>(std::move(plan)));
}

}  // namespace tenon::cpu_blas
