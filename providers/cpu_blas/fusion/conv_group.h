// Conv, its channels second or last [+ BatchNormalization, Mul and Add of a constant per channel]... [+ Add or Sum of a
// tensor] [+ Relu or Clip] [+ a tail]; and ConvTranspose with its channels last, which has no Add of a tensor but in
// its tail.
#pragma once

#include "conv/conv_kernel.h"
#include "fusion/chain.h"
#include "fusion/channel_map.h"
#include "fusion/tail_match.h"

namespace tenon::cpu_blas {

/// A Conv and what was recognized behind it.
struct ConvGroup {
  Chain chain;
  ChannelMap channel_map;   // after the bias
  sdk::ValueView residual;  // empty: none
  simd::Activation activation;
  TailMatch tail;
};

/// Grows a group from `conv` as far as it goes; a chain of one node when nothing follows that it can take.
ConvGroup match_conv_group(const sdk::NodeView& conv, const MayJoin& may_join);

/// The kernel of a group matched within `graph`, whose inputs are the kernel's.
sdk::Result<sdk::KernelPtr> make_conv_group(const ConvGroup& group, const sdk::GraphView& graph);

}  // namespace tenon::cpu_blas
