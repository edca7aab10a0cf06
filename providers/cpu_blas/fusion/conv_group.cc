// Groups that start with a Conv; see conv_group.h.
#include "fusion/conv_group.h"

#include <cmath>

namespace tenon::cpu_blas {
namespace {

/// The output channels of a Conv whose weight's shape is known and of a kind that ConvKernel takes; 0 otherwise.
int64_t output_channels(const sdk::NodeView& conv) {
  const sdk::TensorView w = conv.input(1).info();
  if (w.dtype() != TN_FLOAT || !w.has_rank() || w.rank() < 3 || w.rank() > 4 || w.dim(0) < 1) return 0;
  return w.dim(0);
}

/// y = y * scale + shift per channel, as folded so far.
class ChannelMap {
 public:
  explicit ChannelMap(int64_t channels) : scale_(static_cast<size_t>(channels), 1), shift_(scale_.size(), 0) {}

  template <typename Scale, typename Shift>
  void then(Scale&& scale, Shift&& shift) {
    is_identity_ = false;
    for (size_t i = 0; i < scale_.size(); ++i) {
      scale_[i] *= scale(i);
      shift_[i] = shift_[i] * scale(i) + shift(i);
    }
  }
  size_t size() const { return scale_.size(); }
  void give_to(ConvGroup* group) const {
    if (is_identity_) return;
    group->scale.assign(scale_.begin(), scale_.end());
    group->shift.assign(shift_.begin(), shift_.end());
  }

 private:
  bool is_identity_ = true;
  std::vector<double> scale_, shift_;
};

/// A float constant of `channels` elements that broadcasts along the channels of a result of rank `rank`, or of one.
bool is_per_channel(const sdk::ValueView& value, size_t channels, int64_t rank) {
  if (!is_float_constant(value)) return false;
  const sdk::TensorView t = value.info();
  if (t.count() == 1) return t.rank() <= rank;
  if (t.count() != static_cast<int64_t>(channels) || t.rank() > rank || t.rank() < rank - 1) return false;
  return t.dim(t.rank() - rank + 1) == t.count();
}

bool fold_batch_normalization(const sdk::NodeView& node, ChannelMap* map) {
  if (!node.is("BatchNormalization") || node.since_version() < 7 || node.attr_int("training_mode", 0) != 0 ||
      !has_one_output(node) || node.attr_int("spatial", 1) == 0)
    return false;
  for (uint32_t i = 1; i <= 4; ++i)
    if (!is_float_constant(node.input(i)) || node.input(i).info().count() != static_cast<int64_t>(map->size()))
      return false;
  const double epsilon = node.attr_float("epsilon", 1e-5f);
  const auto constant = [&](uint32_t i) { return node.input(i).info().data<float>(); };
  const float *gamma = constant(1), *beta = constant(2), *mean = constant(3), *variance = constant(4);
  const auto scale = [&](size_t i) { return gamma[i] / std::sqrt(variance[i] + epsilon); };
  map->then(scale, [&](size_t i) { return beta[i] - mean[i] * scale(i); });
  return true;
}

/// A Mul or Add of a constant per channel.
bool fold_channel_constant(const sdk::NodeView& node, const sdk::ValueView& value, int64_t rank, ChannelMap* map) {
  const bool is_mul = node.is("Mul");
  if ((!is_mul && !node.is("Add")) || node.since_version() < 7) return false;
  const sdk::ValueView other = other_operand(node, value);
  if (!is_per_channel(other, map->size(), rank)) return false;
  const sdk::TensorView t = other.info();
  const auto element = [&](size_t i) { return static_cast<double>(t.data<float>()[t.count() == 1 ? 0 : i]); };
  if (is_mul) {
    map->then(element, [](size_t) { return 0.0; });
  } else {
    map->then([](size_t) { return 1.0; }, element);
  }
  return true;
}

}  // namespace

ConvGroup match_conv_group(const sdk::NodeView& conv, const MayJoin& may_join) {
  ConvGroup group{Chain(conv), {}, {}, {}, {}};
  const int64_t channels = output_channels(conv);
  if (channels == 0) return group;
  ChannelMap map(channels);
  const int64_t rank = conv.input(1).info().rank();
  const sdk::ValueView bias = conv.input(2);
  const bool foldable = !bias || (is_float_constant(bias) && bias.info().count() == channels);
  bool biased = false;
  while (foldable) {
    const sdk::NodeView next = only_reader(group.chain.end, may_join);
    if (!next) break;
    ChannelMap trial = map;
    if (bias && !biased) trial.then([](size_t) { return 1.0; }, [&](size_t i) { return bias.info().data<float>()[i]; });
    const bool is_normalization = next.is("BatchNormalization") && next.input(0) == group.chain.end;
    if (!(is_normalization && fold_batch_normalization(next, &trial)) &&
        !fold_channel_constant(next, group.chain.end, rank, &trial))
      break;
    map = trial;
    biased = true;
    group.chain.append(next);
  }
  map.give_to(&group);
  const sdk::NodeView next = only_reader(group.chain.end, may_join);
  if (next && ((next.is("Add") && next.since_version() >= 7) || next.is("Sum"))) {
    const sdk::ValueView other = other_operand(next, group.chain.end);
    if (other && other.info().dtype() == TN_FLOAT) {
      group.residual = other;
      group.chain.append(next);
    }
  }
  append_activation(may_join, &group.chain, &group.activation);
  return group;
}

sdk::Result<sdk::KernelPtr> make_conv_group(const ConvGroup& group, const sdk::GraphView& graph) {
  const sdk::NodeView& conv = group.chain.nodes[0];
  TN_ASSIGN_OR_RETURN(ConvPlan plan, ConvPlan::parse(conv));
  plan.x = static_cast<uint32_t>(graph.input_index(conv.input(0)));
  plan.w = static_cast<uint32_t>(graph.input_index(conv.input(1)));
  if (plan.b >= 0) plan.b = graph.input_index(conv.input(2));
  if (group.residual) plan.residual = graph.input_index(group.residual);
  plan.scale = group.scale;
  plan.shift = group.shift;
  plan.activation = group.activation;
  return sdk::KernelPtr(std::make_unique<ConvKernel>(std::move(plan)));
}

}  // namespace tenon::cpu_blas
