// ConvTranspose of one or two spatial dimensions with its channels last, with what a fused group adds to it.
#pragma once

#include "conv/channels_last/transposed.h"
#include "conv/conv_kernel.h"

namespace tenon::cpu_blas {

/// Packs a constant weight. A weight that is none is packed in every run.
class LastConvTransposeKernel final : public sdk::Kernel {
 public:
  /// OK for a node of com.ms.internal.nhwc that create() takes; TN_UNSUPPORTED for groups, more dimensions, and an
  /// image of so few channels that what the taps bring is more work to add up than to compute.
  static sdk::Status check(const sdk::NodeView& node);
  /// The inputs of the node may have other numbers in `plan`.
  static sdk::Result<sdk::KernelPtr> create(const sdk::NodeView& node, ConvPlan plan);

  sdk::Status run(sdk::RunContext& run) const override;
  uint32_t pack_count() const override { return kSlots; }
  sdk::Result<sdk::PackPlan> pack_plan(uint32_t slot) override;
  sdk::Status pack(uint32_t slot, sdk::PackContext& pack) const override;
  sdk::Status bind_pack(uint32_t slot, const void* blob, uint64_t byte_length) override;

 private:
  enum Slot : uint32_t { kWeight, kChannelScales, kSlots };

  LastConvTransposeKernel(ConvPlan plan, sdk::TransposedAttributes attributes)
      : plan_(std::move(plan)), attributes_(std::move(attributes)) {}
  /// The call without its memory and the axes of the result.
  sdk::Result<LastConvCall> prepare(sdk::RunContext& run) const;
  sdk::Status convolve(sdk::RunContext& run, LastConvCall* call) const;

  ConvPlan plan_;
  sdk::TransposedAttributes attributes_;
  TransposedWeight weight_;  // of a constant one
  bool has_constant_weight_ = false;
  const float* packed_ = nullptr;
};

}  // namespace tenon::cpu_blas
