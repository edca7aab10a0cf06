// One convolution with its sizes known and its shapes checked, and the ways to compute it. Borrows everything.
#pragma once

#include <tenon/sdk/run.hpp>

#include "conv/window.h"
#include "programs/epilogue.h"
#include "simd/elementwise.h"

namespace tenon::cpu_blas {

struct ConvCall {
  Window2d window;
  WindowAxis depth;  // the first of three spatial dimensions
  int64_t groups = 1;
  int64_t images = 0, channels = 0, outputs = 0;         // N, C, M
  int64_t in_pixels = 0, out_pixels = 0;                 // of one plane
  int64_t group_channels = 0, group_outputs = 0, k = 0;  // k: C/groups * KD * KH * KW
  const float* x = nullptr;
  const float* w = nullptr;
  float* y = nullptr;
  const float* residual = nullptr;  // of y's shape, or null
  const float* scale = nullptr;     // per output channel, or null
  const float* shift = nullptr;     // per output channel, or null
  simd::Activation activation;
  const TailCall* tail = nullptr;  // after all of it; its rows are the channels of all images, its columns their pixels

  /// The tail's part, of `count` channels from `channel` on, counted over all images, and the pixels from `pixel` on,
  /// counted over all planes of a channel.
  void finish(int64_t channel, int64_t count, int64_t pixel, int64_t pixels) const {
    const int64_t stride = depth.out * out_pixels;
    if (tail != nullptr) tail->apply(y + channel * stride + pixel, count, pixels, stride, channel, pixel);
  }

  bool is_volume() const { return depth.in != 1 || depth.out != 1 || depth.kernel != 1; }
  /// The bounds that stand for the activation, which is none, Relu or Clip.
  float low() const;
  float high() const;
};

/// One input channel a group. Reads the weight where it lies.
sdk::Status convolve_depthwise(sdk::RunContext& run, const ConvCall& call);

/// Any convolution; rows of the product are output channels, columns are pixels. Reads the weight where it lies.
sdk::Status convolve_panels(sdk::RunContext& run, const ConvCall& call);

/// Three spatial dimensions. Reads the weight where it lies.
sdk::Status convolve_volume(sdk::RunContext& run, const ConvCall& call);

/// One group; rows of the product are pixels, columns are output channels: no lane is lost where pixels are few, and
/// the weight streams through once. `panels`: the weight's transpose as PackedB packs it.
sdk::Status convolve_packed(sdk::RunContext& run, const ConvCall& call, const float* panels);

}  // namespace tenon::cpu_blas
