// ConvTranspose of one or two spatial dimensions with its channels last, with what a fused group adds to it.
#pragma once

#include "conv/channels_last/last_kernel.h"
#include "conv/channels_last/transposed.h"

namespace tenon::cpu_blas {

/// Packs a constant weight. A weight that is none is packed in every run.
class LastConvTransposeKernel final : public LastKernel {
 public:
  /// OK for a node of com.ms.internal.nhwc that create() takes; TN_UNSUPPORTED for groups, more dimensions, and an
  /// image of so few channels that what the taps bring is more work to add up than to compute.
  static sdk::Status check(const sdk::NodeView& node);
  /// The inputs of the node may have other numbers in `plan`.
  static sdk::Result<sdk::KernelPtr> create(const sdk::NodeView& node, ConvPlan plan);

  sdk::Status run(sdk::RunContext& run) const override;

 private:
  LastConvTransposeKernel(ConvPlan plan, sdk::TransposedAttributes attributes)
      : LastKernel(std::move(plan)), attributes_(std::move(attributes)) {}
  uint64_t weight_floats() const override { return has_constant_weight_ ? weight_.floats() : 0; }
  std::string weight_key() const override { return weight_.key(); }
  void pack_floats(const float* weight, float* packed) const override { weight_.pack(weight, packed); }
  sdk::Status convolve(sdk::RunContext& run, LastConvCall* call) const override;
  /// The call without its memory and the axes of the result.
  sdk::Result<LastConvCall> prepare(sdk::RunContext& run) const;

  sdk::TransposedAttributes attributes_;
  TransposedWeight weight_;  // of a constant one
  bool has_constant_weight_ = false;
};

}  // namespace tenon::cpu_blas
