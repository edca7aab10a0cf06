// What kernels of convolutions with their channels last have in common, whichever way they convolve.
#pragma once

#include "conv/channels_last/last_conv_call.h"
#include "conv/conv_kernel.h"

namespace tenon::cpu_blas {

class LastKernel : public PackedConvKernel {
 protected:
  explicit LastKernel(ConvPlan plan) : PackedConvKernel(std::move(plan)) {}

  /// Of a constant weight as pack_floats() writes it; 0 floats where it is not packed.
  virtual uint64_t weight_floats() const = 0;
  virtual std::string weight_key() const = 0;
  virtual void pack_floats(const float* weight, float* packed) const = 0;
  /// Computes the call, whose memory and ends are set, and packs a weight that is no constant.
  virtual sdk::Status convolve(sdk::RunContext& run, LastConvCall* call) const = 0;

  /// Has the result, of `shape`, computed with the activation and the tail.
  sdk::Status compute(sdk::RunContext& run, LastConvCall* call, const sdk::Shape& shape) const;
  const float* packed() const { return packed_; }

 private:
  sdk::PackPlan plan_weight() const final;
  void pack_weight(const sdk::TensorView& weight, void* blob) const final;
  void bind_weight(const void* blob) final { packed_ = static_cast<const float*>(blob); }

  const float* packed_ = nullptr;
};

}  // namespace tenon::cpu_blas
