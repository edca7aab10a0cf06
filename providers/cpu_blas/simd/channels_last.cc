// Functions over pixels whose channels lie together; see channels_last.h.
#include "simd/channels_last.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/channels_last.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/cover-inl.h"
#include "simd/dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

/// Four sums at a time, whose additions do not wait for each other.
template <class Fold>
HWY_INLINE void fold_pixels(const float* x, int64_t pixels, int64_t step, int64_t channels, float* folded) {
  cover(channels, [&](auto d, int64_t c) HWY_ATTR {
    auto a = hn::Set(d, Fold::kStart), b = a, e = a, f = a;
    const float* from = x + c;
    int64_t p = 0;
    for (; p + 4 <= pixels; p += 4, from += 4 * step) {
      a = Fold::fold(a, hn::LoadU(d, from));
      b = Fold::fold(b, hn::LoadU(d, from + step));
      e = Fold::fold(e, hn::LoadU(d, from + 2 * step));
      f = Fold::fold(f, hn::LoadU(d, from + 3 * step));
    }
    for (; p < pixels; ++p, from += step) a = Fold::fold(a, hn::LoadU(d, from));
    hn::StoreU(Fold::fold(Fold::fold(a, b), Fold::fold(e, f)), d, folded + c);
  });
}

void sum_pixels(const float* x, int64_t pixels, int64_t step, int64_t channels, float* sums) {
  constexpr int64_t kBlock = 256;
  if (pixels <= kBlock) return fold_pixels<Sum>(x, pixels, step, channels, sums);
  double totals[kFoldedChannels] = {};
  for (int64_t p = 0; p < pixels; p += kBlock) {
    fold_pixels<Sum>(x + p * step, std::min(kBlock, pixels - p), step, channels, sums);
    for (int64_t c = 0; c < channels; ++c) totals[c] += sums[c];
  }
  for (int64_t c = 0; c < channels; ++c) sums[c] = static_cast<float>(totals[c]);
}

void max_pixels(const float* x, int64_t pixels, int64_t step, int64_t channels, float* most) {
  fold_pixels<Greatest>(x, pixels, step, channels, most);
}

void scale_pixels(const float* x, const float* scale, const float* shift, float* y, int64_t pixels, int64_t channels) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t p = 0; p < pixels; ++p, x += channels, y += channels) {
    int64_t c = 0;
    for (; c + lanes <= channels; c += lanes)
      hn::StoreU(hn::MulAdd(hn::LoadU(d, x + c), hn::LoadU(d, scale + c), hn::LoadU(d, shift + c)), d, y + c);
    for (; c < channels; ++c) y[c] = x[c] * scale[c] + shift[c];
  }
}

void lrn_pixels(const LastLrn& lrn, const float* x, float* y, int64_t pixels, float* squares) {
  const int64_t channels = lrn.channels, taps = lrn.before + 1 + lrn.after;
  std::fill(squares, squares + lrn.before + channels + lrn.after, 0.0f);
  for (int64_t p = 0; p < pixels; ++p, x += channels, y += channels) {
    cover(channels, [&](auto d, int64_t c) HWY_ATTR {
      const auto value = hn::LoadU(d, x + c);
      hn::StoreU(hn::Mul(value, value), d, squares + lrn.before + c);
    });
    cover(channels, [&](auto d, int64_t c) HWY_ATTR {
      auto sum = hn::Zero(d);
      for (int64_t k = 0; k < taps; ++k) sum = hn::Add(sum, hn::LoadU(d, squares + c + k));
      sum = hn::MulAdd(sum, hn::Set(d, lrn.alpha), hn::Set(d, lrn.bias));
      if (lrn.beta == 0.75f) {
        // t^0.75 = sqrt(t) sqrt(sqrt(t)), which the usual LRN needs.
        const auto root = hn::Sqrt(sum);
        sum = hn::Div(hn::LoadU(d, x + c), hn::Mul(root, hn::Sqrt(root)));
      }
      hn::StoreU(sum, d, y + c);
    });
    if (lrn.beta == 0.75f) continue;
    for (int64_t c = 0; c < channels; ++c) y[c] = x[c] * std::pow(y[c], -lrn.beta);
  }
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu_blas::simd {

TENON_SIMD_EXPORT(sum_pixels);
TENON_SIMD_EXPORT(max_pixels);
TENON_SIMD_EXPORT(scale_pixels);
TENON_SIMD_EXPORT(lrn_pixels);

void sum_pixels(const float* x, int64_t pixels, int64_t step, int64_t channels, float* sums) {
  TENON_SIMD(sum_pixels)(x, pixels, step, channels, sums);
}

void max_pixels(const float* x, int64_t pixels, int64_t step, int64_t channels, float* most) {
  TENON_SIMD(max_pixels)(x, pixels, step, channels, most);
}

void scale_pixels(const float* x, const float* scale, const float* shift, float* y, int64_t pixels, int64_t channels) {
  TENON_SIMD(scale_pixels)(x, scale, shift, y, pixels, channels);
}

void lrn_pixels(const LastLrn& lrn, const float* x, float* y, int64_t pixels, float* squares) {
  TENON_SIMD(lrn_pixels)(lrn, x, y, pixels, squares);
}

}  // namespace tenon::cpu_blas::simd
#endif
