// Depthwise convolution, channels last; see depthwise.h. Kernels 3, 5 and 7 wide keep the weights of a row in
// registers, too; of others each tap loads its inputs. Channels past the last whole vector are done with it again, or,
// where that would read results, by shorter vectors.
#include "simd/depthwise.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/depthwise.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/dispatch.h"
#include "simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

using D = hn::ScalableTag<float>;

/// y of the outputs [o, o + kPixels) and the channels from c on, of the sums of their products.
template <int kPixels, class Tag, class V>
HWY_INLINE void finish(Tag d, const DepthwiseRow& row, int64_t o, int64_t c, V* sums) {
  const int64_t channels = row.channels, at = o * channels + c;
  const V scale = row.scale != nullptr ? hn::LoadU(d, row.scale + c) : hn::Set(d, 1.0f);
  const V shift = row.shift != nullptr ? hn::LoadU(d, row.shift + c) : hn::Zero(d);
  const V low = hn::Set(d, row.low), high = hn::Set(d, row.high);
#pragma GCC unroll 8
  for (int p = 0; p < kPixels; ++p) sums[p] = hn::MulAdd(sums[p], scale, shift);
  if (row.residual != nullptr) {
    const float* residual = row.residual + at;
#pragma GCC unroll 8
    for (int p = 0; p < kPixels; ++p) sums[p] = hn::Add(sums[p], hn::LoadU(d, residual + p * channels));
  }
  float* y = row.y + at;
#pragma GCC unroll 8
  for (int p = 0; p < kPixels; ++p) hn::StoreU(clamp(sums[p], low, high), d, y + p * channels);
}

/// Outputs [o, o + kPixels), a vector of channels from c on, of a kernel without dilation. `kIsInside`: all that they
/// read lies inside of the row.
template <int kTaps, int kStride, int kPixels, bool kIsInside>
HWY_INLINE void block(const DepthwiseRow& row, int64_t o, int64_t c) {
  const D d;
  using V = hn::Vec<D>;
  constexpr int kInputs = (kPixels - 1) * kStride + kTaps;
  V sums[kPixels];
#pragma GCC unroll 8
  for (int p = 0; p < kPixels; ++p) sums[p] = hn::Zero(d);
  const int64_t first = o * kStride - row.w.pad_begin;
  const float* weights = row.weights + c;
  const float* x = row.x + first * row.channels + c;
  for (int64_t r = 0; r < row.rows; ++r, x += row.x_step, weights += kTaps * row.channels) {
    V taps[kTaps];
#pragma GCC unroll 8
    for (int k = 0; k < kTaps; ++k) taps[k] = hn::LoadU(d, weights + k * row.channels);
#pragma GCC unroll 32
    for (int j = 0; j < kInputs; ++j) {
      if (!kIsInside && static_cast<uint64_t>(first + j) >= static_cast<uint64_t>(row.w.in)) continue;
      const V input = hn::LoadU(d, x + j * row.channels);
#pragma GCC unroll 8
      for (int p = 0; p < kPixels; ++p)
        if (j - p * kStride >= 0 && j - p * kStride < kTaps)
          sums[p] = hn::MulAdd(input, taps[j - p * kStride], sums[p]);
    }
  }
  finish<kPixels>(d, row, o, c, sums);
}

/// The same for all whole vectors of channels, the last one ending at `end`.
template <int kTaps, int kStride, int kPixels, bool kIsInside>
HWY_NOINLINE void blocks(const DepthwiseRow& row, int64_t o, int64_t end) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(D()));
  for (int64_t c = 0; c < end; c += lanes)
    block<kTaps, kStride, kPixels, kIsInside>(row, o, c + lanes <= end ? c : end - lanes);
}

template <int kTaps, int kStride, int kPixels>
HWY_INLINE int64_t blocks_at(const DepthwiseRow& row, int64_t o, int64_t end) {
  const int64_t first = o * kStride - row.w.pad_begin;
  if (kPixels >= 7 && first >= 0 && first + (kPixels - 1) * kStride + kTaps <= row.w.in) {
    blocks<kTaps, kStride, kPixels, kPixels >= 7>(row, o, end);
  } else {
    blocks<kTaps, kStride, kPixels, false>(row, o, end);
  }
  return o + kPixels;
}

/// Channels [0, end), at least a vector of them.
template <int kTaps, int kStride>
HWY_NOINLINE void whole_row(const DepthwiseRow& row, int64_t end) {
  int64_t o = 0;
  const int64_t out = row.w.out;
  if (out % 7 == 0 && out % 8 != 0)
    while (o < out) o = blocks_at<kTaps, kStride, 7>(row, o, end);
  while (o + 8 <= out) o = blocks_at<kTaps, kStride, 8>(row, o, end);
  if (o + 4 <= out) o = blocks_at<kTaps, kStride, 4>(row, o, end);
  while (o < out) o = blocks_at<kTaps, kStride, 1>(row, o, end);
}

/// Outputs [o, o + kPixels) of any kernel.
template <int kPixels, class Tag>
HWY_INLINE void any_block(Tag d, const DepthwiseRow& row, int64_t o, int64_t c) {
  using V = hn::Vec<Tag>;
  V sums[kPixels];
  for (int p = 0; p < kPixels; ++p) sums[p] = hn::Zero(d);
  const sdk::WindowAxis& w = row.w;
  // The taps that meet the input for one of the outputs.
  const int64_t begin = w.taps_on(o + kPixels - 1, 0, w.in).begin, end = w.taps_on(o, 0, w.in).end;
  for (int64_t r = 0; r < row.rows; ++r) {
    const float* x = row.x + r * row.x_step + c;
    const float* weights = row.weights + r * w.kernel * row.channels + c;
    for (int64_t k = begin; k < end; ++k) {
      const V tap = hn::LoadU(d, weights + k * row.channels);
      for (int p = 0; p < kPixels; ++p) {
        const int64_t at = w.input_of(o + p, k);
        if (static_cast<uint64_t>(at) < static_cast<uint64_t>(w.in))
          sums[p] = hn::MulAdd(hn::LoadU(d, x + at * row.channels), tap, sums[p]);
      }
    }
  }
  finish<kPixels>(d, row, o, c, sums);
}

/// Channels from `begin` on by vectors of the tag; returns the first that is left. `overlaps`: the last vector may
/// begin among those that are done.
template <class Tag>
HWY_NOINLINE int64_t any_row(Tag d, const DepthwiseRow& row, int64_t begin, bool overlaps) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t count = (row.channels - begin) / lanes;
  const bool is_over = overlaps && count > 0 && begin + count * lanes < row.channels;
  const int64_t vectors = count + (is_over ? 1 : 0);
  const auto place = [&](int64_t i) { return i < count ? begin + i * lanes : row.channels - lanes; };
  int64_t o = 0;
  for (; o + 4 <= row.w.out; o += 4)
    for (int64_t i = 0; i < vectors; ++i) any_block<4>(d, row, o, place(i));
  for (; o < row.w.out; ++o)
    for (int64_t i = 0; i < vectors; ++i) any_block<1>(d, row, o, place(i));
  return is_over ? row.channels : begin + count * lanes;
}

using WholeRow = void (*)(const DepthwiseRow& row, int64_t end);

/// For the kernels that models have; null for any other.
HWY_INLINE WholeRow whole_row_of(const sdk::WindowAxis& w) {
  if (w.dilation != 1) return nullptr;
  if (w.kernel > 7 || w.stride > 2) return nullptr;
  switch (w.kernel * 10 + w.stride) {
    case 31: return whole_row<3, 1>;
    case 32: return whole_row<3, 2>;
    case 51: return whole_row<5, 1>;
    case 52: return whole_row<5, 2>;
    case 71: return whole_row<7, 1>;
    default: return nullptr;
  }
}

void depthwise_row(const DepthwiseRow& row) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(D()));
  const sdk::WindowAxis& w = row.w;
  const bool overlaps = row.residual != row.y;
  const int64_t end = overlaps && row.channels >= lanes ? row.channels : row.channels / lanes * lanes;
  int64_t done = 0;
  if (const auto whole = end > 0 ? whole_row_of(w) : nullptr) {
    whole(row, end);
    done = end;
  }
  if (done < row.channels) done = any_row(D(), row, done, overlaps);
  if (done < row.channels) done = any_row(hn::CappedTag<float, 8>(), row, done, false);
  if (done < row.channels) done = any_row(hn::CappedTag<float, 4>(), row, done, false);
  if (done < row.channels) any_row(hn::CappedTag<float, 1>(), row, done, false);
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu_blas::simd {

TENON_SIMD_EXPORT(depthwise_row);

void depthwise_row(const DepthwiseRow& row) {
  TENON_SIMD(depthwise_row)(row);
}

}  // namespace tenon::cpu_blas::simd
#endif
