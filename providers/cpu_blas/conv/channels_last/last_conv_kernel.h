// Convolution of one to three spatial dimensions with its channels last, with what a fused group adds to it.
#pragma once

#include "conv/channels_last/ways.h"
#include "conv/conv_kernel.h"

namespace tenon::cpu_blas {

/// Packs a constant weight by the way that fits it. A weight that is none is packed in every run.
class LastConvKernel final : public sdk::Kernel {
 public:
  /// The kernel of a Conv of com.ms.internal.nhwc, whose inputs may have other numbers in `plan`.
  LastConvKernel(const sdk::NodeView& conv, ConvPlan plan);
  sdk::Status run(sdk::RunContext& run) const override;
  uint32_t pack_count() const override { return kSlots; }
  sdk::Result<sdk::PackPlan> pack_plan(uint32_t slot) override;
  sdk::Status pack(uint32_t slot, sdk::PackContext& pack) const override;
  sdk::Status bind_pack(uint32_t slot, const void* blob, uint64_t byte_length) override;

 private:
  enum Slot : uint32_t { kWeight, kChannelScales, kSlots };

  sdk::Result<LastConvCall> prepare(sdk::RunContext& run) const;
  sdk::Status convolve(sdk::RunContext& run, LastConvCall* call) const;
  sdk::Status add_broadcast(sdk::RunContext& run, LastConvCall* call, const sdk::Shape& shape) const;

  ConvPlan plan_;
  LastConvShape shape_;       // of a constant weight, with the sizes that are known
  bool has_constant_weight_;  // else shape_ means nothing
  const LastConvWay* way_;
  const float* packed_ = nullptr;
};

}  // namespace tenon::cpu_blas
