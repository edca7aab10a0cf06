// Groups that start with a MatMul; see matmul_group.h.
#include "fusion/matmul_group.h"

namespace tenon::cpu_blas {
namespace {

constexpr float kSqrt2 = 1.41421356f;

/// The exact Gelu as exporters write it: x -> Div(sqrt 2) -> Erf -> Add(1) -> Mul(x) -> Mul(0.5). Appends its five
/// nodes.
bool append_gelu(const MayJoin& may_join, Chain* chain) {
  const sdk::ValueView x = chain->end;
  if (x.use_count() != 2) return false;
  const std::vector<sdk::NodeView> readers = x.consumers();
  if (readers.size() != 2) return false;
  const bool div_first = readers[0].is("Div");
  const sdk::NodeView div = readers[div_first ? 0 : 1];
  const sdk::NodeView product = readers[div_first ? 1 : 0];
  if (!div.is("Div") || !product.is("Mul") || !may_join(div) || !may_join(product)) return false;
  if (div.input(0) != x || !is_scalar_near(div.input(1), kSqrt2)) return false;
  const sdk::NodeView erf = only_reader(div.output(0), may_join);
  if (!erf || !erf.is("Erf")) return false;
  const sdk::NodeView add = only_reader(erf.output(0), may_join);
  if (!add || !add.is("Add") || !is_scalar_near(other_operand(add, erf.output(0)), 1.0f)) return false;
  if (add.output(0).use_count() != 1 || other_operand(product, x) != add.output(0)) return false;
  const sdk::NodeView half = only_reader(product.output(0), may_join);
  if (!half || !half.is("Mul") || !is_scalar_near(other_operand(half, product.output(0)), 0.5f)) return false;
  for (const sdk::NodeView& node : {div, erf, add, product, half}) chain->append(node);
  return true;
}

/// A constant vector as long as the last dimension of the right-hand matrix.
bool is_bias(const sdk::ValueView& value, const sdk::NodeView& matmul) {
  if (!is_float_constant(value)) return false;
  const sdk::TensorView b = matmul.input(1).info();
  const sdk::TensorView t = value.info();
  return b.has_rank() && b.rank() >= 2 && t.rank() == 1 && t.dim(0) == b.dim(b.rank() - 1) && t.dim(0) > 1;
}

}  // namespace

MatMulGroup match_matmul_group(const sdk::NodeView& matmul, const MayJoin& may_join) {
  MatMulGroup group{Chain(matmul), {}, {}, {}};
  const sdk::TensorView a = matmul.input(0).info();
  if (a.dtype() != TN_FLOAT || !a.has_rank() || a.rank() < 2) return group;
  sdk::NodeView next = only_reader(group.chain.end, may_join);
  if (next && next.is("Add") && next.since_version() >= 7 && is_bias(other_operand(next, group.chain.end), matmul)) {
    group.bias = other_operand(next, group.chain.end);
    group.chain.append(next);
  }
  if (append_gelu(may_join, &group.chain)) {
    group.activation.function = simd::Unary::kGelu;
    return group;
  }
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
  return sdk::KernelPtr(std::make_unique<MatMulKernel>(std::move(plan)));
}

}  // namespace tenon::cpu_blas
