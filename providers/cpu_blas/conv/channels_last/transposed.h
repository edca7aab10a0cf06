// Transposed convolution with channels last: each pixel of the image times the weights of all taps is one product,
// whose rows are pixels and whose columns are taps times outputs; an output pixel is the sum of what the taps that
// reach it bring. Nothing is multiplied with padding or with zeros between pixels. Pure functions but for the run.
#pragma once

#include <tenon/sdk/kernel.hpp>

#include "conv/channels_last/last_conv_call.h"

namespace tenon::cpu_blas {

/// The sizes of a weight, C x M x KH x KW, and how many of the outputs are computed at a time: what their taps bring to
/// a few rows of the image is to stay in the cache.
struct TransposedWeight {
  int64_t channels = 0, outputs = 0, taps = 1;

  int64_t chunk() const;
  int64_t chunks() const;
  std::string key() const;
  uint64_t floats() const;
  /// For each chunk its panels, one after the other: C rows of panel_width() columns, which are the chunk's outputs for
  /// each tap; the last panel is as wide as its columns need in whole vectors.
  void pack(const float* w, float* packed) const;
};

/// Of the call's window, `in` are the output's sizes and `out` the image's, as sdk::TransposedAttributes gives them;
/// in_pixels and out_pixels are the image's and the output's. There is no residual. Counts no operations.
sdk::Status convolve_transposed(sdk::RunContext& run, const TransposedWeight& weight, const LastConvCall& call);

}  // namespace tenon::cpu_blas
