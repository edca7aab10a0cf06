// Convolution of one, two or three spatial dimensions, with what a fused group adds to it. The weight is packed where
// few output pixels share it, else read where it lies.
#pragma once

#include "conv/channel_steps.h"
#include "conv/conv_call.h"
#include "conv/window.h"
#include "packed_b.h"

namespace tenon::cpu_blas {

/// Which inputs of the kernel are the convolution's, and what follows it: y = act(channel_steps(conv + b) + residual).
struct ConvPlan {
  std::string node;  // describe() of the Conv node, for messages
  WindowAttributes window;
  int64_t groups = 1;
  uint32_t x = 0, w = 1;
  int b = -1;                       // -1: no bias
  ChannelScales channel_scales;     // a bias is part of them, where there are any
  int residual = -1;                // input that is added; -1: none
  bool residual_broadcasts = true;  // against the result, if its shape differs; else it must not
  simd::Activation activation;
  Tail tail;         // after all of it
  PackedB packed_w;  // where channels are second

  /// Reads the attributes of a Conv node; inputs 0, 1 and 2. TN_UNSUPPORTED for four and more spatial dimensions.
  static sdk::Result<ConvPlan> parse(const sdk::NodeView& conv);
  /// What follows the convolution for each of its output channels, in this run: a bias or the channel scales. Sets
  /// what is there.
  sdk::Status set_channel_map(sdk::RunContext& run, int64_t outputs, const float** scale, const float** shift) const;
  /// The weight's shape fits the groups and the image's channels.
  sdk::Status check_groups(sdk::ShapeView weight, int64_t channels) const;
};

/// A kernel of a convolution: packs its weight, and what is done to each output channel, in a slot each.
class PackedConvKernel : public sdk::Kernel {
 public:
  uint32_t pack_count() const final { return kSlots; }
  sdk::Result<sdk::PackPlan> pack_plan(uint32_t slot) final;
  sdk::Status pack(uint32_t slot, sdk::PackContext& pack) const final;
  sdk::Status bind_pack(uint32_t slot, const void* blob, uint64_t byte_length) final;

 protected:
  explicit PackedConvKernel(ConvPlan plan) : plan_(std::move(plan)) {}
  /// Of no bytes where the weight is not packed.
  virtual sdk::PackPlan plan_weight() const = 0;
  virtual void pack_weight(const sdk::TensorView& weight, void* blob) const = 0;
  virtual void bind_weight(const void* blob) = 0;

  ConvPlan plan_;

 private:
  enum Slot : uint32_t { kWeight, kChannelScales, kSlots };
};

class ConvKernel final : public PackedConvKernel {
 public:
  explicit ConvKernel(ConvPlan plan) : PackedConvKernel(std::move(plan)) {}
  sdk::Status run(sdk::RunContext& run) const override;

 private:
  sdk::PackPlan plan_weight() const override { return plan_.packed_w.plan(plan_.w); }
  void pack_weight(const sdk::TensorView& weight, void* blob) const override { plan_.packed_w.pack(weight, blob); }
  void bind_weight(const void* blob) override { plan_.packed_w.bind(blob); }
  /// `shape`: becomes that of the result.
  sdk::Result<ConvCall> prepare(sdk::RunContext& run, sdk::Shape* shape) const;
  sdk::Status convolve(sdk::RunContext& run, const ConvCall& call) const;
};

}  // namespace tenon::cpu_blas
