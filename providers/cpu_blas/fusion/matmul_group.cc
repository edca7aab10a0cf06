// Groups that start with a MatMul; see matmul_group.h.
#include "fusion/matmul_group.h"

namespace tenon::cpu_blas {
namespace {

/// Appends the Gelu, of either domain, or HardSwish that alone reads the chain's end.
bool append_function(const MayJoin& may_join, Chain* chain, simd::Activation* activation) {
  for (const char* domain : {"", "com.microsoft"}) {
    const sdk::NodeView next = only_reader(chain->end, may_join, domain);
    if (!next) continue;
    if (next.is("HardSwish")) {
      activation->function = simd::Unary::kHardSwish;
    } else if (next.is("Gelu") || next.is("Gelu", "com.microsoft")) {
      const std::string approximate = next.attr_string("approximate", "none");
      if (approximate != "none" && approximate != "tanh") return false;
      activation->function = approximate == "none" ? simd::Unary::kGelu : simd::Unary::kTanhGelu;
    } else {
      return false;
    }
    chain->append(next);
    return true;
  }
  return false;
}

/// A constant vector as long as the last dimension of the right-hand matrix.
bool is_bias(const sdk::ValueView& value, const sdk::NodeView& matmul) {
  if (!is_float_constant(value)) return false;
  const sdk::TensorView b = matmul.input(1).info();
  const sdk::TensorView t = value.info();
  return b.has_rank() && b.rank() >= 2 && t.rank() == 1 && t.dim(0) == b.dim(b.rank() - 1) && t.dim(0) > 1;
}

/// What the micro-kernels do themselves.
MatMulGroup match_fixed_part(const sdk::NodeView& matmul, const MayJoin& may_join) {
  MatMulGroup group{Chain(matmul), {}, {}, {}, {}};
  const sdk::TensorView a = matmul.input(0).info();
  if (a.dtype() != TN_FLOAT || !a.has_rank() || a.rank() < 2) return group;
  sdk::NodeView next = only_reader(group.chain.end, may_join);
  if (next && next.is("Add") && next.since_version() >= 7 && is_bias(other_operand(next, group.chain.end), matmul)) {
    group.bias = other_operand(next, group.chain.end);
    group.chain.append(next);
  }
  if (append_function(may_join, &group.chain, &group.activation)) return group;
  next = only_reader(group.chain.end, may_join);
  if (!next) return group;
  if (next.is("Add") && next.since_version() >= 7) {
    const sdk::ValueView other = other_operand(next, group.chain.end);
    if (!other || other.info().dtype() != TN_FLOAT) return group;
    group.residual = other;
    group.chain.append(next);
  }
  append_activation(may_join, &group.chain, &group.activation);
  return group;
}

}  // namespace

MatMulGroup match_matmul_group(const sdk::NodeView& matmul, const MayJoin& may_join) {
  MatMulGroup group = match_fixed_part(matmul, may_join);
  group.tail = match_tail(group.chain.end, may_join);
  append_tail(group.tail, &group.chain);
  return group;
}

sdk::Result<sdk::KernelPtr> make_matmul_group(const MatMulGroup& group, const sdk::GraphView& graph) {
  const sdk::NodeView& matmul = group.chain.nodes[0];
  MatMulPlan plan;
  plan.node = describe(matmul);
  plan.a = static_cast<uint32_t>(graph.input_index(matmul.input(0)));
  plan.b = static_cast<uint32_t>(graph.input_index(matmul.input(1)));
  plan.packed_b = PackedB::of_operand(matmul.input(1).info(), false);
  if (group.bias) plan.bias = graph.input_index(group.bias);
  if (group.residual) plan.residual = graph.input_index(group.residual);
  plan.activation = group.activation;
  TN_ASSIGN_OR_RETURN(plan.tail, make_tail(group.tail, graph));
  return sdk::KernelPtr(std::make_unique<MatMulKernel>(std::move(plan)));
}

}  // namespace tenon::cpu_blas
