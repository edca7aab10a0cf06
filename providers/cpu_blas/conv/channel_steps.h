// What follows a convolution for each output channel: y = y * scale + shift. The constants are read in each run:
// opening a model touches none of them, and a kernel keeps nothing of a file that may turn out to have been written to.
#pragma once

#include <cstdint>
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

/// One scale and one shift a channel.
struct ChannelScales {
  const float* scale;
  const float* shift;
};

/// What the steps, in order, come to behind a bias of `count` channels, which may be null. In scratch memory.
sdk::Result<ChannelScales> apply(const std::vector<ChannelStep>& steps, sdk::RunContext& run, const float* bias,
                                 int64_t count);

}  // namespace tenon::cpu_blas
