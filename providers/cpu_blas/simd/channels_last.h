// Functions over pixels whose channels lie together: sums, scales and normalizations by channel. Vectors lie
// along channels. Compiled for several instruction sets and chosen at run time. Results must not overlap operands where
// it is not said that they may. Thread-safe.
#pragma once

#include <cstdint>

namespace tenon::cpu_blas::simd {

/// Folds `pixels` of `channels` floats, at most kFoldedChannels, that lie `step` floats apart, to one. The sum is one
/// of blocks in double, so that many equal values do not come out short; the maximum of nothing is -infinity, NaN wins.
constexpr int64_t kFoldedChannels = 64;
void sum_pixels(const float* x, int64_t pixels, int64_t step, int64_t channels, float* sums);
void max_pixels(const float* x, int64_t pixels, int64_t step, int64_t channels, float* most);

/// y = x * scale + shift, both by channel; y may be x.
void scale_pixels(const float* x, const float* scale, const float* shift, float* y, int64_t pixels, int64_t channels);

/// y = x / (bias + alpha * the sum of x^2 over the channels from `before` before to `after` after it) ^ beta. Neither
/// is more than `channels`. `squares`: before + channels + after floats to work with.
struct LastLrn {
  int64_t channels, before, after;
  float alpha, beta, bias;
};
void lrn_pixels(const LastLrn& lrn, const float* x, float* y, int64_t pixels, float* squares);

}  // namespace tenon::cpu_blas::simd
