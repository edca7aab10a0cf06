// One convolution of com.ms.internal.nhwc with its sizes known and its shapes checked, and the ways to compute it.
// Borrows everything. A way is three functions of a header of its own: which convolutions it takes, how it packs their
// weight, and how it runs; conv/channels_last/ways.h lists them.
#pragma once

#include <tenon/sdk/run.hpp>

#include "conv/window.h"
#include "programs/epilogue.h"
#include "simd/elementwise.h"

namespace tenon::cpu_blas {

/// What the weight (M x C/groups x KH x KW, ONNX's order) and the attributes say, before there is an image.
struct LastConvShape {
  int64_t groups = 1;
  int64_t outputs = 0, group_channels = 0;                      // M, C/groups
  int64_t kernel_d = 1;                                         // of the first of three spatial dimensions; else 1
  int64_t kernel_h = 1, kernel_w = 1;                           // one spatial dimension: kernel_h is 1
  int64_t stride_h = 1, stride_w = 1;                           //
  int64_t dilation_h = 1, dilation_w = 1;                       //
  int64_t in_h = -1, in_w = -1, out_h = -1, out_w = -1;         // as far as they are known while opening; else -1
  int64_t group_outputs() const { return outputs / groups; }    //
  int64_t channels() const { return group_channels * groups; }  // C
  int64_t taps() const { return kernel_d * kernel_h * kernel_w; }
  int64_t k() const { return taps() * group_channels; }
  bool is_depthwise() const { return groups > 1 && group_channels == 1; }
};

/// y = act(conv(x, w) * scale + shift + residual), scale and shift by output channel.
struct LastConvCall {
  WindowAxis depth;  // of the first of three spatial dimensions; else of size 1
  Window2d window;   // one spatial dimension: h of size 1
  LastConvShape shape;
  int64_t images = 0;                     // N
  int64_t in_pixels = 0, out_pixels = 0;  // of one image, D * H * W
  const float* x = nullptr;               // images x in_pixels x C
  const float* packed = nullptr;          // the weight, as the way that runs packs it
  float* y = nullptr;                     // images x out_pixels x M
  const float* residual = nullptr;        // of y's shape, none of its memory; or null
  const float* scale = nullptr;           // M, or null
  const float* shift = nullptr;           // M, or null
  simd::Activation activation;
  const TailCall* tail = nullptr;  // after all of it, or null; its rows are the pixels of all images
};

}  // namespace tenon::cpu_blas
