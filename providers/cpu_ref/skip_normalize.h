// The core of SkipLayerNormalization and SkipSimplifiedLayerNormalization: a sum of inputs, normalized over its last
// axis.
#pragma once

#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"

namespace tenon::cpu_ref {

/// With x = input + skip + bias: output = (x - m) / sqrt(v + epsilon) * gamma + beta per row of the last axis.
/// `centers`: m is the mean and v the variance; otherwise m is 0, v the mean of squares, and there is no beta. skip has
/// input's shape, or lacks leading axes or has 1 there, and then meets every entry along them. The further outputs are
/// mean and inverse deviation of each row and x. All is computed in double, from the x that was not rounded.
class SkipNormalizeKernel : public sdk::Kernel {
 public:
  SkipNormalizeKernel(const sdk::KernelInfo& info, bool centers)
      : centers_(centers), epsilon_(info.attr_float("epsilon", 1e-12f)) {}

  sdk::Status run(sdk::RunContext& run) const override;

 private:
  sdk::Status check(sdk::RunContext& run) const;
  template <typename T>
  sdk::Status normalize(sdk::RunContext& run) const;

  bool centers_;
  float epsilon_;
};

}  // namespace tenon::cpu_ref
