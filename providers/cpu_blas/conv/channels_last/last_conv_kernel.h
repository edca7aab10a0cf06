// Convolution of one to three spatial dimensions with its channels last, with what a fused group adds to it.
#pragma once

#include "conv/channels_last/last_kernel.h"
#include "conv/channels_last/ways.h"

namespace tenon::cpu_blas {

/// Packs a constant weight by the way that fits it. A weight that is none is packed in every run.
class LastConvKernel final : public LastKernel {
 public:
  /// The kernel of a Conv of com.ms.internal.nhwc, whose inputs may have other numbers in `plan`.
  LastConvKernel(const sdk::NodeView& conv, ConvPlan plan);
  sdk::Status run(sdk::RunContext& run) const override;

 private:
  uint64_t weight_floats() const override { return has_constant_weight_ ? way_->pack_floats(shape_) : 0; }
  std::string weight_key() const override { return way_->pack_key(shape_); }
  void pack_floats(const float* weight, float* packed) const override { way_->pack(shape_, weight, packed); }
  sdk::Status convolve(sdk::RunContext& run, LastConvCall* call) const override;
  sdk::Result<LastConvCall> prepare(sdk::RunContext& run) const;
  sdk::Status add_broadcast(sdk::RunContext& run, LastConvCall* call, const sdk::Shape& shape) const;

  LastConvShape shape_;       // of a constant weight, with the sizes that are known
  bool has_constant_weight_;  // else shape_ means nothing
  const LastConvWay* way_;
};

}  // namespace tenon::cpu_blas
