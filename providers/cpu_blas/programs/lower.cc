#include "programs/lower.h"

#include "common.h"
#include "programs/lower_operators.h"

namespace tenon::cpu_blas {
namespace {

constexpr Lowering::Row kOperators[] = {
#define OPERATOR(domain, op_type, since, lowering, op, p, q) \
  {domain, #op_type, since, lowerings::lowering, simd::Op::op, p, q},
#include "programs/operators.inc"
#undef OPERATOR
};

const Lowering::Row* find_row(const sdk::NodeView& node) {
  for (const Lowering::Row& row : kOperators)
    if (node.op_type() == row.op_type && node.domain() == row.domain && node.since_version() >= row.since) return &row;
  return nullptr;
}

}  // namespace

sdk::Status Lowering::add(const sdk::NodeView& node) {
  const Row* row = find_row(node);
  if (row == nullptr) return sdk::unsupported("no elementwise operator of programs");
  if (!node.output(0)) return sdk::unsupported("output 0 is left out");
  node_ = node;
  return row->lower(*this, *row);
}

std::optional<NodeSize> size_in_program(const sdk::NodeView& node) {
  if (find_row(node) == nullptr) return std::nullopt;
  Lowering trial;
  if (!trial.add(node).is_ok()) return std::nullopt;
  // Whether they are 0 is asked of inputs of the kernel; in a group they may be computed.
  if (!trial.so_far().integer_divisors.empty()) return std::nullopt;
  return NodeSize{trial.so_far().instructions.size(), trial.so_far().inputs.size()};
}

}  // namespace tenon::cpu_blas
