// The ways to compute a channels-last convolution. A kernel takes the first of kLastConvWays whose takes() agrees.
#pragma once

#include <tenon/sdk/kernel.hpp>

#include "conv/channels_last/last_conv_call.h"

namespace tenon::cpu_blas {

/// Thread-safe functions without state.
struct LastConvWay {
  /// Whether this way computes such convolutions, and better than those behind it in the list.
  bool (*takes)(const LastConvShape& shape);
  /// The key of what pack() writes, format and version first, with the instruction set if that matters, and the floats
  /// that it writes.
  std::string (*pack_key)(const LastConvShape& shape);
  uint64_t (*pack_floats)(const LastConvShape& shape);
  /// `w` as ONNX has it: M x C/groups x KH x KW.
  void (*pack)(const LastConvShape& shape, const float* w, float* packed);
  /// Counts no operations: the kernel has. Sizes are positive, but K may be 0.
  sdk::Status (*run)(sdk::RunContext& run, const LastConvCall& call);
};

/// Any convolution: products of rows of the image, read where they lie through pointers, with the packed weight.
extern const LastConvWay kIndirectWay;

/// Up to simd::kMostDots outputs and no groups.
extern const LastConvWay kFewOutputsWay;

/// Groups of a few inputs and as many outputs, which together fill whole vectors.
extern const LastConvWay kNarrowGroupsWay;

/// One input channel a group.
extern const LastConvWay kDepthwiseWay;

/// 3 x 3 with stride 1, by a quarter of the multiplications, and, of few pixels, by half of them with a smaller weight;
/// see winograd.cc.
extern const LastConvWay kWinogradWay, kSmallWinogradWay;

/// In the order of preference; the last one takes everything.
inline constexpr const LastConvWay* kLastConvWays[] = {&kDepthwiseWay,     &kNarrowGroupsWay, &kFewOutputsWay,
                                                       &kSmallWinogradWay, &kWinogradWay,     &kIndirectWay};

}  // namespace tenon::cpu_blas
