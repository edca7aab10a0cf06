// Transforms of Winograd's convolution; see winograd.h. Each of the two axes is transformed in its turn, several
// channels at a time. The points come in pairs p and -p, whose polynomials share their even and their odd part.
#include "simd/winograd.h"

#ifndef TENON_CPU_BLAS_WINOGRAD_COEFFICIENTS  // once, whatever the number of instruction sets
#define TENON_CPU_BLAS_WINOGRAD_COEFFICIENTS
namespace tenon::cpu_blas::simd {

/// The coefficients of F(2P x 2P, 3 x 3), by powers of t = x^2.
template <int P>
struct WinogradCoefficients {
  float all[P + 1] = {};       // of the product of t - p^2 over all pairs
  float but[P][P] = {};        // of the product over all pairs but one
  float power[P][2 * P] = {};  // of the points

  constexpr WinogradCoefficients() {
    const double* points = kWinogradPoints[P - 1];
    for (int i = 0; i <= P; ++i) {
      double product[P + 1] = {1};
      int degree = 0;
      for (int q = 0; q < P; ++q) {
        if (q == i) continue;
        ++degree;
        for (int k = degree; k >= 0; --k)
          product[k] = (k > 0 ? product[k - 1] : 0) - points[q] * points[q] * product[k];
      }
      for (int k = 0; k <= degree; ++k) (i == P ? all[k] : but[i < P ? i : 0][k]) = static_cast<float>(product[k]);
    }
    for (int i = 0; i < P; ++i) {
      double value = 1;
      for (int k = 0; k < 2 * P; ++k, value *= points[i]) power[i][k] = static_cast<float>(value);
    }
  }
};

}  // namespace tenon::cpu_blas::simd
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/winograd.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/dispatch.h"
#include "simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

template <int P>
constexpr WinogradCoefficients<P> kCoefficients{};

// Of what a tile may give: beside larger ones, all that is small is lost to rounding.
constexpr float kLargest = 1e18f;

/// The sum of c[k] x[2 k] for k below N; c[N - 1] is 1.
template <int N, class D, class V>
HWY_INLINE V sum_every_other(D d, const float* c, const V* x) {
  V sum = x[2 * N - 2];
  for (int k = N - 2; k >= 0; --k) sum = hn::MulAdd(x[2 * k], hn::Set(d, c[k]), sum);
  return sum;
}

/// x, 2P + 2 inputs of an axis, to its values at the points.
template <int P, class D, class V>
HWY_INLINE void transform_in(D d, const V* x, V* to) {
  constexpr const auto& c = kCoefficients<P>;
  to[0] = sum_every_other<P + 1>(d, c.all, x);
  to[2 * P + 1] = sum_every_other<P + 1>(d, c.all, x + 1);
  for (int i = 0; i < P; ++i) {
    const V even = sum_every_other<P>(d, c.but[i], x + 2), odd = sum_every_other<P>(d, c.but[i], x + 1);
    const V point = hn::Set(d, c.power[i][1]);
    to[2 * i + 1] = hn::MulAdd(odd, point, even);
    to[2 * i + 2] = hn::NegMulAdd(odd, point, even);
  }
}

/// x, the sums at 2P + 2 points, to the 2P outputs of an axis.
template <int P, class D, class V>
HWY_INLINE void transform_out(D d, const V* x, V* to) {
  constexpr const auto& c = kCoefficients<P>;
  V sums[P], differences[P];
  for (int i = 0; i < P; ++i) {
    sums[i] = hn::Add(x[2 * i + 1], x[2 * i + 2]);
    differences[i] = hn::Sub(x[2 * i + 1], x[2 * i + 2]);
  }
  for (int k = 0; k < 2 * P; ++k) {
    const V* part = k % 2 == 0 ? sums : differences;
    V value = k == 0 ? hn::Add(x[0], part[0]) : hn::Mul(part[0], hn::Set(d, c.power[0][k]));
    for (int i = 1; i < P; ++i)
      value = k == 0 ? hn::Add(value, part[i]) : hn::MulAdd(part[i], hn::Set(d, c.power[i][k]), value);
    to[k] = k == 2 * P - 1 ? hn::Add(value, x[2 * P + 1]) : value;
  }
}

template <int P, class D>
HWY_INLINE void transform_channels_in(D d, const WinogradInput& in, int64_t channel) {
  constexpr int kWidth = 2 * P + 2;
  using V = hn::Vec<D>;
  V rows[kWidth][kWidth];
  for (int j = 0; j < kWidth; ++j) {
    V column[kWidth], values[kWidth];
    for (int i = 0; i < kWidth; ++i) column[i] = hn::LoadU(d, in.pixels[i * kWidth + j] + channel);
    transform_in<P>(d, column, values);
    for (int i = 0; i < kWidth; ++i) rows[i][j] = values[i];
  }
  float* to = in.to + channel;
  for (int i = 0; i < kWidth; ++i) {
    V values[kWidth];
    transform_in<P>(d, rows[i], values);
    for (int j = 0; j < kWidth; ++j, to += in.gap) hn::StoreU(values[j], d, to);
  }
}

/// Returns 0 where no value of the tile passes kLargest before scale and shift, else NaN.
template <int P, class D>
HWY_INLINE hn::Vec<D> transform_channels_out(D d, const WinogradOutput& out, int64_t channel) {
  constexpr int kWidth = 2 * P + 2, kTile = 2 * P;
  using V = hn::Vec<D>;
  V rows[kTile][kWidth];
  const float* from = out.sums + channel;
  for (int j = 0; j < kWidth; ++j) {
    V column[kWidth], values[kTile];
    for (int i = 0; i < kWidth; ++i) column[i] = hn::LoadU(d, from + (i * kWidth + j) * out.gap);
    transform_out<P>(d, column, values);
    for (int i = 0; i < kTile; ++i) rows[i][j] = values[i];
  }
  const V zero = hn::Zero(d), low = hn::Set(d, out.low), high = hn::Set(d, out.high);
  const V overflowing = hn::Set(d, 3e38f / kLargest);
  const V scale = out.scale != nullptr ? hn::LoadU(d, out.scale + channel) : hn::Set(d, 1.0f);
  const V shift = out.shift != nullptr ? hn::LoadU(d, out.shift + channel) : zero;
  V check = zero;
  for (int i = 0; i < kTile; ++i) {
    if (i >= out.rows) break;
    V values[kTile];
    transform_out<P>(d, rows[i], values);
    const int64_t at = i * out.row_stride + channel;
    for (int j = 0; j < kTile; ++j) {
      if (j >= out.columns) break;
      V value = hn::MulAdd(values[j], scale, shift);
      check = hn::MulAdd(hn::Mul(values[j], overflowing), zero, check);
      if (out.residual != nullptr) value = hn::Add(value, hn::LoadU(d, out.residual + at + j * out.pixel_stride));
      hn::StoreU(clamp(value, low, high), d, out.y + at + j * out.pixel_stride);
    }
  }
  return check;
}

/// body(d, channel) for vectors that cover [channel, channels), the widest first.
template <int kLanes, class Body>
HWY_INLINE void for_vectors(int64_t channel, int64_t channels, const Body& body) {
  const hn::CappedTag<float, kLanes> d;
  const auto step = static_cast<int64_t>(hn::Lanes(d));
  for (; channel + step <= channels; channel += step) body(d, channel);
  if constexpr (kLanes > 1) {
    if (channel < channels) for_vectors<(kLanes > 4 ? kLanes / 2 : 1)>(channel, channels, body);
  }
}

template <int P>
HWY_NOINLINE void transform_input(const WinogradInput& in) {
  for_vectors<16>(0, in.channels, [&](auto d, int64_t channel) HWY_ATTR { transform_channels_in<P>(d, in, channel); });
}

template <int P>
HWY_NOINLINE bool transform_output(const WinogradOutput& out) {
  bool is_finite = true;
  for_vectors<16>(0, out.channels, [&](auto d, int64_t channel) HWY_ATTR {
    const auto check = transform_channels_out<P>(d, out, channel);
    is_finite = hn::AllTrue(d, hn::Eq(check, hn::Zero(d))) && is_finite;
  });
  return is_finite;
}

void transform_winograd_input(int tile, const WinogradInput& input) {
  return tile == 2 ? transform_input<1>(input) : transform_input<2>(input);
}

bool transform_winograd_output(int tile, const WinogradOutput& output) {
  return tile == 2 ? transform_output<1>(output) : transform_output<2>(output);
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu_blas::simd {

TENON_SIMD_EXPORT(transform_winograd_input);
TENON_SIMD_EXPORT(transform_winograd_output);

void transform_winograd_input(int tile, const WinogradInput& input) {
  TENON_SIMD(transform_winograd_input)(tile, input);
}

bool transform_winograd_output(int tile, const WinogradOutput& output) {
  return TENON_SIMD(transform_winograd_output)(tile, output);
}

}  // namespace tenon::cpu_blas::simd
#endif
