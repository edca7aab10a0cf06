// Pools, channels last; see last_pool.h. Of usual windows several outputs are made at a time: a column of the window is
// folded once for all of them. The maximum does not look for NaN there: products of all inputs with 0 tell whether
// there was one, or an infinity, and the row is done again by the way that looks.
#include "simd/last_pool.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/last_pool.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/cover-inl.h"
#include "simd/dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

/// The greater of two numbers.
struct GreaterNumber : Greatest {
  static constexpr bool kWatches = true;
  template <class Vector>
  static HWY_INLINE Vector fold(Vector a, Vector b) {
    return hn::Max(a, b);
  }
};

struct PlainSum : Sum {
  static constexpr bool kWatches = false;
};

/// Any window, one output after the other.
template <class Fold>
HWY_NOINLINE void any_row(const LastPoolRow& row, const float* factors) {
  const sdk::WindowAxis& w = row.w;
  const int64_t channels = row.channels, step = w.dilation * channels;
  float* y = row.y;
  for (int64_t o = 0; o < w.out; ++o, y += channels) {
    const sdk::WindowAxis::Range taps = w.taps_on(o, 0, w.in);
    const int64_t count = taps.end - taps.begin;
    const float* x = count > 0 ? row.x + w.input_of(o, taps.begin) * channels : row.x;
    cover(channels, [&](auto d, int64_t c) HWY_ATTR {
      auto folded = hn::Set(d, Fold::kStart);
      for (int64_t r = 0; r < row.rows; ++r) {
        const float* from = x + r * row.x_step + c;
        for (int64_t k = 0; k < count; ++k) folded = Fold::fold(folded, hn::LoadU(d, from + k * step));
      }
      if (factors != nullptr) folded = hn::Mul(folded, hn::Set(d, factors[o]));
      hn::StoreU(folded, d, y + c);
    });
  }
}

/// Outputs [o, o + kPixels), all channels, at least a vector of them. `seen`: a sum of products of the inputs with 0.
template <class Fold, int kTaps, int kStride, int kPixels>
HWY_NOINLINE void block(const LastPoolRow& row, int64_t o, const float* factors, V& seen) {
  const D d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t channels = row.channels, first = o * kStride - row.w.pad_begin;
  const V zero = hn::Zero(d), start = hn::Set(d, Fold::kStart);
  // Several, so that none waits for the one before.
  V zeros[4] = {seen, zero, zero, zero};
  for (int64_t at = 0; at < channels; at += lanes) {
    const int64_t c = at + lanes <= channels ? at : channels - lanes;
    const float* x = row.x + first * channels + c;
    V folded[kPixels];
#pragma GCC unroll 8
    for (int p = 0; p < kPixels; ++p) folded[p] = start;
#pragma GCC unroll 32
    for (int j = 0; j < (kPixels - 1) * kStride + kTaps; ++j) {
      if (static_cast<uint64_t>(first + j) >= static_cast<uint64_t>(row.w.in)) continue;
      V column = start;
      for (int64_t r = 0; r < row.rows; ++r) {
        const V input = hn::LoadU(d, x + j * channels + r * row.x_step);
        column = Fold::fold(column, input);
        if (Fold::kWatches) zeros[j % 4] = hn::MulAdd(input, zero, zeros[j % 4]);
      }
#pragma GCC unroll 8
      for (int p = 0; p < kPixels; ++p)
        if (j - p * kStride >= 0 && j - p * kStride < kTaps) folded[p] = Fold::fold(folded[p], column);
    }
    float* y = row.y + o * channels + c;
#pragma GCC unroll 8
    for (int p = 0; p < kPixels; ++p) {
      if (factors != nullptr) folded[p] = hn::Mul(folded[p], hn::Set(d, factors[o + p]));
      hn::StoreU(folded[p], d, y + p * channels);
    }
  }
  seen = hn::Add(hn::Add(zeros[0], zeros[1]), hn::Add(zeros[2], zeros[3]));
}

/// False where an input was no number, or was infinite.
template <class Fold, int kTaps, int kStride>
HWY_NOINLINE bool whole_row(const LastPoolRow& row, const float* factors) {
  const int64_t out = row.w.out;
  V seen = hn::Zero(D());
  int64_t o = 0;
  for (; o + 4 <= out; o += 4) block<Fold, kTaps, kStride, 4>(row, o, factors, seen);
  if (o + 3 <= out) block<Fold, kTaps, kStride, 3>(row, o, factors, seen), o += 3;
  for (; o < out; ++o) block<Fold, kTaps, kStride, 1>(row, o, factors, seen);
  return hn::AllTrue(D(), hn::Eq(seen, seen));
}

using WholeRow = bool (*)(const LastPoolRow& row, const float* factors);

/// For the windows that models have; null for any other.
template <class Fold>
HWY_INLINE WholeRow whole_row_of(const sdk::WindowAxis& w) {
  if (w.dilation != 1 || w.kernel > 5 || w.stride > 2) return nullptr;
  switch (w.kernel * 10 + w.stride) {
    case 22: return whole_row<Fold, 2, 2>;
    case 31: return whole_row<Fold, 3, 1>;
    case 32: return whole_row<Fold, 3, 2>;
    case 51: return whole_row<Fold, 5, 1>;
    default: return nullptr;
  }
}

void max_pool_row(const LastPoolRow& row) {
  const WholeRow whole =
      row.channels >= static_cast<int64_t>(hn::Lanes(D())) ? whole_row_of<GreaterNumber>(row.w) : nullptr;
  if (whole == nullptr || !whole(row, nullptr)) any_row<Greatest>(row, nullptr);
}

void average_pool_row(const LastPoolRow& row, const float* factors) {
  const WholeRow whole = row.channels >= static_cast<int64_t>(hn::Lanes(D())) ? whole_row_of<PlainSum>(row.w) : nullptr;
  if (whole != nullptr) {
    whole(row, factors);
  } else {
    any_row<Sum>(row, factors);
  }
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu_blas::simd {

TENON_SIMD_EXPORT(max_pool_row);
TENON_SIMD_EXPORT(average_pool_row);

void max_pool_row(const LastPoolRow& row) {
  TENON_SIMD(max_pool_row)(row);
}

void average_pool_row(const LastPoolRow& row, const float* factors) {
  TENON_SIMD(average_pool_row)(row, factors);
}

}  // namespace tenon::cpu_blas::simd
#endif
