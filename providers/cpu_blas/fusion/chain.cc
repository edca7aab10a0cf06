// Chains of nodes; see chain.h.
#include "fusion/chain.h"

#include <limits>

namespace tenon::cpu_blas {

std::string Chain::label() const {
  std::string text;
  for (const sdk::NodeView& n : nodes) text += (text.empty() ? "" : "+") + std::string(n.op_type());
  return text;
}

sdk::NodeView only_reader(const sdk::ValueView& value, const MayJoin& may_join, std::string_view domain) {
  if (!value || value.use_count() != 1) return {};
  const std::vector<sdk::NodeView> readers = value.consumers();
  if (readers.size() != 1 || readers[0].domain() != domain || !may_join(readers[0])) return {};
  return readers[0];
}

sdk::ValueView other_operand(const sdk::NodeView& node, const sdk::ValueView& value) {
  if (node.input_count() != 2) return {};
  const bool first = node.input(0) == value;
  const bool second = node.input(1) == value;
  if (first == second) return {};
  return node.input(first ? 1 : 0);
}

bool has_one_output(const sdk::NodeView& node) {
  for (uint32_t i = 1; i < node.output_count(); ++i)
    if (node.output(i)) return false;
  return true;
}

bool is_float_constant(const sdk::ValueView& value) {
  if (!value) return false;
  const sdk::TensorView info = value.info();
  return info.is_constant() && info.dtype() == TN_FLOAT;
}

namespace {

/// The activation that `node` stands for; false when it is none.
bool match_activation(const sdk::NodeView& node, simd::Activation* activation) {
  constexpr float kMost = std::numeric_limits<float>::infinity();
  if (node.is("Relu")) {
    *activation = {simd::Unary::kRelu, 0, 0};
    return true;
  }
  if (!node.is("Clip")) return false;
  float bounds[2] = {-kMost, kMost};
  if (node.since_version() < 11) {
    bounds[0] = node.attr_float("min", -kMost);
    bounds[1] = node.attr_float("max", kMost);
  } else {
    for (uint32_t i : {1u, 2u}) {
      if (!node.input(i)) continue;
      const auto bound = node.input(i).data();
      if (!bound || bound->dtype() != TN_FLOAT || bound->count() != 1) return false;
      bounds[i - 1] = bound->data<float>()[0];
    }
  }
  *activation = {simd::Unary::kClip, bounds[0], bounds[1]};
  return true;
}

}  // namespace

void append_activation(const MayJoin& may_join, Chain* chain, simd::Activation* activation) {
  const sdk::NodeView next = only_reader(chain->end, may_join);
  if (next && next.input(0) == chain->end && match_activation(next, activation)) chain->append(next);
}

}  // namespace tenon::cpu_blas
