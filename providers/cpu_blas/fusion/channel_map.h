// Recognizes the nodes behind a Conv that scale or shift each output channel, without a look at their constants.
#pragma once

#include <tenon/sdk/graph.hpp>
#include <vector>

#include "conv/channel_steps.h"

namespace tenon::cpu_blas {

/// Collects the steps of a group that is being matched. Not for several threads.
class ChannelMap {
 public:
  /// `rank`: of the Conv's result; `axis`: where its channels are, counted from the end.
  ChannelMap(int64_t channels, int64_t rank, int64_t axis) : channels_(channels), rank_(rank), axis_(axis) {}

  /// True: `node`, which reads the chain's end `value`, is a BatchNormalization, or a Mul or Add of a constant per
  /// channel or of a scalar, and its effect is now part of the map.
  bool take(const sdk::NodeView& node, const sdk::ValueView& value);
  /// For the kernel whose inputs are those of `graph`.
  std::vector<ChannelStep> steps(const sdk::GraphView& graph) const;

 private:
  struct Taken {
    ChannelStep step;
    std::vector<sdk::ValueView> operands;
  };

  bool take_normalization(const sdk::NodeView& node);
  bool take_constant(const sdk::NodeView& node, const sdk::ValueView& value);

  int64_t channels_, rank_, axis_;
  std::vector<Taken> taken_;
};

}  // namespace tenon::cpu_blas
