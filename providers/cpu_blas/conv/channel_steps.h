// What follows a convolution for each output channel: y = y * scale + shift. The constants are read when the kernel
// first runs, so that opening a model touches none of them.
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

/// Applies the steps in order to one scale and one shift a channel.
void apply(const std::vector<ChannelStep>& steps, sdk::RunContext& run, std::vector<double>* scale,
           std::vector<double>* shift);

}  // namespace tenon::cpu_blas
