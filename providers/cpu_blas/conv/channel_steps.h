// What follows a convolution for each output channel: y = y * scale + shift, packed of the constants that say so.
#pragma once

#include <cstdint>
#include <tenon/sdk/kernel.hpp>
#include <vector>

namespace tenon::cpu_blas {

/// One node's part, by inputs of the kernel. kNormalize reads scale, B, mean and variance, the others one input of an
/// element or of one a channel.
struct ChannelStep {
  enum class Kind { kNormalize, kMul, kAdd };
  Kind kind = Kind::kAdd;
  uint32_t inputs[4] = {};
  double epsilon = 0;  // of kNormalize

  uint32_t input_count() const { return kind == Kind::kNormalize ? 4 : 1; }
};

/// One scale and one shift for each of `channels`: what the steps, in order, come to behind a bias. All that they read
/// is constant. Thread-safe but for bind().
class ChannelScales {
 public:
  /// No steps: packs nothing.
  ChannelScales() = default;
  /// `bias`: the input, of an element a channel; -1: none.
  ChannelScales(std::vector<ChannelStep> steps, int bias, int64_t channels);

  bool empty() const { return steps_.empty(); }
  int64_t channels() const { return channels_; }
  /// The format: all scales, then all shifts, floats.
  sdk::PackPlan plan() const;
  void pack(const sdk::PackContext& pack) const;
  void bind(const void* packed) { packed_ = static_cast<const float*>(packed); }
  /// Null until they are bound.
  const float* scale() const { return packed_; }
  const float* shift() const { return packed_ == nullptr ? nullptr : packed_ + channels_; }

 private:
  // Where the inputs stand among those of the plan, each once.
  uint32_t position(uint32_t input) const;

  std::vector<ChannelStep> steps_;
  int bias_ = -1;
  int64_t channels_ = 0;
  std::vector<uint32_t> inputs_;
  const float* packed_ = nullptr;
};

}  // namespace tenon::cpu_blas
