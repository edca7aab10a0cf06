// Conv [+ BatchNormalization, Mul and Add of a constant per channel]... [+ Add or Sum of a tensor] [+ Relu or Clip].
#pragma once

#include "conv/conv_kernel.h"
#include "fusion/chain.h"

namespace tenon::cpu_blas {

/// A Conv and what was recognized behind it.
struct ConvGroup {
  Chain chain;
  std::vector<float> scale, shift;  // per output channel, the bias included; empty: nothing was folded
  sdk::ValueView residual;          // empty: none
  simd::Activation activation;
};

/// Grows a group from `conv` as far as it goes; a chain of one node when nothing follows that it can take.
ConvGroup match_conv_group(const sdk::NodeView& conv, const MayJoin& may_join);

/// The kernel of a group matched within `graph`, whose inputs are the kernel's.
sdk::Result<sdk::KernelPtr> make_conv_group(const ConvGroup& group, const sdk::GraphView& graph);

}  // namespace tenon::cpu_blas
