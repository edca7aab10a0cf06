// Groups that start with a Conv; see conv_group.h.
#include "fusion/conv_group.h"

#include "conv/channels_last/last_conv_kernel.h"
#include "conv/channels_last/last_conv_transpose_kernel.h"

namespace tenon::cpu_blas {
namespace {

bool is_transposed(const sdk::NodeView& conv) {
  return conv.is("ConvTranspose", kChannelsLastDomain);
}

/// The output channels of a Conv whose weight's shape is known and of a kind that its kernel takes; 0 otherwise.
int64_t output_channels(const sdk::NodeView& conv) {
  const sdk::TensorView w = conv.input(1).info();
  if (w.dtype() != TN_FLOAT || !w.has_rank() || w.rank() < 3 || w.rank() > 5 || w.dim(0) < 1) return 0;
  if (!is_transposed(conv)) return w.dim(0);
  return LastConvTransposeKernel::check(conv).is_ok() && w.dim(1) >= 1 ? w.dim(1) : 0;
}

}  // namespace

ConvGroup match_conv_group(const sdk::NodeView& conv, const MayJoin& may_join) {
  const int64_t channels = output_channels(conv);
  const int64_t rank = conv.input(1).info().rank();
  const bool is_last = conv.domain() == kChannelsLastDomain;
  ConvGroup group{Chain(conv), ChannelMap(channels, rank, is_last ? 1 : rank - 1), {}, {}, {}};
  if (channels == 0) return group;
  const sdk::ValueView bias = conv.input(2);
  const bool foldable = !bias || (is_float_constant(bias) && bias.info().count() == channels);
  while (foldable) {
    sdk::NodeView next = only_reader(group.chain.end, may_join);
    if (!next && is_last) next = only_reader(group.chain.end, may_join, kChannelsLastDomain);
    if (!next || !group.channel_map.take(next, group.chain.end)) break;
    group.chain.append(next);
  }
  // A transposed one leaves the tensor that is added to its tail.
  const sdk::NodeView next = is_transposed(conv) ? sdk::NodeView() : only_reader(group.chain.end, may_join);
  if (next && ((next.is("Add") && next.since_version() >= 7) || next.is("Sum"))) {
    const sdk::ValueView other = other_operand(next, group.chain.end);
    if (other && other.info().dtype() == TN_FLOAT) {
      group.residual = other;
      group.chain.append(next);
    }
  }
  append_activation(may_join, &group.chain, &group.activation);
  group.tail = match_tail(group.chain.end, may_join);
  append_tail(group.tail, &group.chain);
  return group;
}

sdk::Result<sdk::KernelPtr> make_conv_group(const ConvGroup& group, const sdk::GraphView& graph) {
  const sdk::NodeView& conv = group.chain.nodes[0];
  TN_ASSIGN_OR_RETURN(ConvPlan plan, ConvPlan::parse(conv));
  plan.x = static_cast<uint32_t>(graph.input_index(conv.input(0)));
  plan.w = static_cast<uint32_t>(graph.input_index(conv.input(1)));
  if (plan.b >= 0) plan.b = graph.input_index(conv.input(2));
  if (group.residual) plan.residual = graph.input_index(group.residual);
  if (auto steps = group.channel_map.steps(graph); !steps.empty())
    plan.channel_scales = ChannelScales(std::move(steps), plan.b, output_channels(conv));
  plan.activation = group.activation;
  TN_ASSIGN_OR_RETURN(plan.tail, make_tail(group.tail, graph));
  if (is_transposed(conv)) return LastConvTransposeKernel::create(conv, std::move(plan));
  if (conv.domain() == kChannelsLastDomain)
    return sdk::KernelPtr(std::make_unique<LastConvKernel>(conv, std::move(plan)));
  return sdk::KernelPtr(std::make_unique<ConvKernel>(std::move(plan)));
}

}  // namespace tenon::cpu_blas
