#include "fusion/channel_map.h"

#include "common.h"
#include "fusion/chain.h"

namespace tenon::cpu_blas {
namespace {

using Kind = ChannelStep::Kind;

/// A float constant of one element, or of `channels` along the axis `axis`, from the end, of a result of rank `rank`.
bool is_per_channel(const sdk::ValueView& value, int64_t channels, int64_t rank, int64_t axis) {
  if (!is_float_constant(value)) return false;
  const sdk::TensorView t = value.info();
  if (t.count() == 1) return t.rank() <= rank;
  if (t.count() != channels || t.rank() > rank || t.rank() < axis) return false;
  return t.dim(t.rank() - axis) == t.count();
}

}  // namespace

bool ChannelMap::take(const sdk::NodeView& node, const sdk::ValueView& value) {
  if (node.is("BatchNormalization") || node.is("BatchNormalization", kChannelsLastDomain))
    return node.input(0) == value && take_normalization(node);
  return take_constant(node, value);
}

bool ChannelMap::take_normalization(const sdk::NodeView& node) {
  if ((node.domain().empty() && node.since_version() < 7) || node.attr_int("training_mode") != 0 ||
      !has_one_output(node) || node.attr_int("spatial", 1) == 0)
    return false;
  Taken taken{{Kind::kNormalize, {}, node.attr_float("epsilon")}, {}};
  for (uint32_t i = 1; i <= 4; ++i) {
    if (!is_float_constant(node.input(i)) || node.input(i).info().count() != channels_) return false;
    taken.operands.push_back(node.input(i));
  }
  taken_.push_back(std::move(taken));
  return true;
}

bool ChannelMap::take_constant(const sdk::NodeView& node, const sdk::ValueView& value) {
  const bool is_mul = node.is("Mul");
  if ((!is_mul && !node.is("Add")) || node.since_version() < 7) return false;
  const sdk::ValueView other = other_operand(node, value);
  if (!is_per_channel(other, channels_, rank_, axis_)) return false;
  taken_.push_back({{is_mul ? Kind::kMul : Kind::kAdd, {}, 0}, {other}});
  return true;
}

std::vector<ChannelStep> ChannelMap::steps(const sdk::GraphView& graph) const {
  std::vector<ChannelStep> steps;
  for (const Taken& taken : taken_) {
    steps.push_back(taken.step);
    for (size_t i = 0; i < taken.operands.size(); ++i)
      steps.back().inputs[i] = static_cast<uint32_t>(graph.input_index(taken.operands[i]));
  }
  return steps;
}

}  // namespace tenon::cpu_blas
