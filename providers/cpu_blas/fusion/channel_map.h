// What the nodes behind a Conv do to each output channel: y = y * scale + shift. Nodes are recognized without a look at
// their constants, so that opening a model touches none of them; apply() reads them when the kernel first runs.
#pragma once

#include <tenon/sdk/graph.hpp>
#include <tenon/sdk/run.hpp>
#include <vector>

namespace tenon::cpu_blas {

/// One node's part, by inputs of the kernel. kNormalize reads scale, B, mean and variance, the others one input of an
/// element or of one a channel.
struct ChannelStep {
  enum class Kind { kNormalize, kMul, kAdd };
  Kind kind = Kind::kAdd;
  uint32_t inputs[4] = {};
  double epsilon = 0;  // of kNormalize
};

/// Applies the steps in order to one scale and one shift a channel.
void apply(const std::vector<ChannelStep>& steps, sdk::RunContext& run, std::vector<double>* scale,
           std::vector<double>* shift);

/// Collects the steps of a group that is being matched. Not for several threads.
class ChannelMap {
 public:
  /// `rank`: of the Conv's result.
  ChannelMap(int64_t channels, int64_t rank) : channels_(channels), rank_(rank) {}

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

  int64_t channels_, rank_;
  std::vector<Taken> taken_;
};

}  // namespace tenon::cpu_blas
