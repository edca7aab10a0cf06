// Products with weights of a few bits; see nbits.h.
#include "simd/nbits.h"

#include <algorithm>
#include <cstring>

#include "simd/panel_gemm.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/nbits.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/dispatch.h"
#include "simd/panel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

using DI = hn::RebindToSigned<D>;
using DU = hn::RebindToUnsigned<D>;
using VU = hn::Vec<DU>;

// Bytes that are fetched ahead of the codes in use: the CPU's own fetching ends with each page.
constexpr int64_t kAhead = 2048;

// Whether codes are looked up, in one instruction that takes the low four bits of each lane, rather than masked and
// converted. The table may then hold the codes less their zero point, where that is the middle.
template <int kBits>
constexpr bool kLooksUp = (HWY_TARGET == HWY_AVX3) && (kBits == 4);

/// The lowest code of each word as a float, less the middle if kIsMiddle.
template <int kBits, bool kIsMiddle>
HWY_INLINE V lowest_codes(VU words) {
  static_assert(kLooksUp<kBits> || !kIsMiddle);
#if HWY_TARGET == HWY_AVX3
  if constexpr (kLooksUp<kBits>)
    return hn::TableLookupLanes(hn::Iota(D(), kIsMiddle ? -8.0f : 0.0f), hn::Indices512<float>{words.raw});
#endif
  const DI di;
  return hn::ConvertTo(D(), hn::And(hn::BitCast(di, words), hn::Set(di, (1 << kBits) - 1)));
}

/// The zero points of a vector of a block's columns, from `column` on.
template <int kBits>
HWY_INLINE V zero_points(const NBitsPanel& p, const uint8_t* header, int64_t column) {
  const D d;
  const uint8_t* zeros = header + p.width * static_cast<int64_t>(sizeof(float));
  if (p.zeros == ZeroPoints::kMiddle) return hn::Set(d, static_cast<float>(1 << (kBits - 1)));
  if (p.zeros == ZeroPoints::kFloats) return hn::LoadU(d, reinterpret_cast<const float*>(zeros) + column);
  const hn::Rebind<uint8_t, DI> bytes;
  return hn::ConvertTo(d, hn::PromoteTo(DI(), hn::LoadU(bytes, zeros + column)));
}

/// Calls use(k, weights) for each k of [first, last) in order, with N vectors of columns from `column` on. `first` is a
/// multiple of kNBitsPass.
template <int kBits, bool kIsMiddle, int N, class Use>
HWY_INLINE void for_each_row(const NBitsPanel& p, int64_t column, int64_t first, int64_t last, Use&& use) {
  constexpr int64_t kPerWord = 32 / kBits;
  const D d;
  const DU du;
  int64_t within = first % p.block;
  const uint8_t* block = p.bytes + first / p.block * p.block_bytes(p.block);
  for (int64_t k = first; k < last; within = 0, block += p.block_bytes(p.block)) {
    V scales[N], zeros[N];
    for (int v = 0; v < N; ++v) {
      scales[v] = hn::LoadU(d, reinterpret_cast<const float*>(block) + column + v * lanes());
      zeros[v] = zero_points<kBits>(p, block, column + v * lanes());
    }
    const int64_t end = std::min(last, k - within + p.block);
    const auto* words =
        reinterpret_cast<const uint32_t*>(block + p.header_bytes()) + within / kPerWord * p.width + column;
    for (; k < end; words += p.width) {
      VU codes[N];
      for (int v = 0; v < N; ++v) {
        codes[v] = hn::LoadU(du, words + v * lanes());
        hwy::Prefetch(reinterpret_cast<const uint8_t*>(words + v * lanes()) + kAhead);
      }
      for (const int64_t stop = std::min(end, k + kPerWord); k < stop; ++k) {
        V weights[N];
        for (int v = 0; v < N; ++v) {
          V code = lowest_codes<kBits, kIsMiddle>(codes[v]);
          if constexpr (!kIsMiddle) code = hn::Sub(code, zeros[v]);
          weights[v] = hn::Mul(code, scales[v]);
          codes[v] = hn::ShiftRight<kBits>(codes[v]);
        }
        use(k, weights);
      }
    }
  }
}

/// R rows by N vectors of columns, pass after pass; rows past the product's are copies of the last.
template <int kBits, bool kIsMiddle, int R, int N>
HWY_INLINE void multiply_vectors(const NBitsProduct& p, int64_t column, float* tile, int64_t tile_stride) {
  const D d;
  const float* a[R];
  for (int r = 0; r < R; ++r) a[r] = p.a + std::min<int64_t>(r, p.rows - 1) * p.a_stride;
  for (int64_t first = 0; first < p.panel.depth; first += kNBitsPass) {
    V sums[R][N];
    for (int r = 0; r < R; ++r)
      for (int v = 0; v < N; ++v) sums[r][v] = hn::Zero(d);
    for_each_row<kBits, kIsMiddle, N>(p.panel, column, first, std::min(first + kNBitsPass, p.panel.depth),
                                      [&](int64_t k, const V* weights) HWY_ATTR {
                                        for (int r = 0; r < R; ++r) {
                                          const V element = hn::Set(d, a[r][k]);
                                          for (int v = 0; v < N; ++v)
                                            sums[r][v] = hn::MulAdd(element, weights[v], sums[r][v]);
                                        }
                                      });
    for (int r = 0; r < R; ++r)
      for (int v = 0; v < N; ++v) {
        float* to = tile + r * tile_stride + column + v * lanes();
        hn::StoreU(first == 0 ? sums[r][v] : hn::Add(sums[r][v], hn::LoadU(d, to)), d, to);
      }
  }
}

template <int kBits, bool kIsMiddle, int R>
HWY_NOINLINE void multiply_rows(const NBitsProduct& p) {
  HWY_ALIGN float tile[R * kLargestPanel];
  const int64_t stride = p.panel.width;
  if (p.panel.width == kVectors * lanes()) {
    multiply_vectors<kBits, kIsMiddle, R, kVectors>(p, 0, tile, stride);
  } else {
    for (int64_t column = 0; column < p.panel.width; column += lanes())
      multiply_vectors<kBits, kIsMiddle, R, 1>(p, column, tile, stride);
  }
  for (int64_t r = 0; r < p.rows; ++r) {
    float* from = tile + r * stride;
    if (p.column_shift != nullptr)
      for (int64_t j = 0; j < p.columns; ++j) from[j] += p.column_shift[j];
    std::memcpy(p.c + r * p.c_stride, from, static_cast<size_t>(p.columns) * sizeof(float));
  }
}

template <int kBits, bool kIsMiddle>
HWY_INLINE void multiply(const NBitsProduct& p) {
  if (p.rows == 1) return multiply_rows<kBits, kIsMiddle, 1>(p);
  if (p.rows == 2) return multiply_rows<kBits, kIsMiddle, 2>(p);
  multiply_rows<kBits, kIsMiddle, kNBitsRows>(p);
}

void multiply_nbits(const NBitsProduct& p) {
  if (p.panel.bits == 2) return multiply<2, false>(p);
  if (p.panel.bits == 8) return multiply<8, false>(p);
  if constexpr (kLooksUp<4>)
    if (p.panel.zeros == ZeroPoints::kMiddle) return multiply<4, true>(p);
  multiply<4, false>(p);
}

template <int kBits, bool kIsMiddle, int N>
HWY_INLINE void expand_vectors(const NBitsPanel& p, int64_t column, int64_t first, int64_t count, float* weights) {
  for_each_row<kBits, kIsMiddle, N>(p, column, first, first + count, [&](int64_t k, const V* row) HWY_ATTR {
    for (int v = 0; v < N; ++v) hn::StoreU(row[v], D(), weights + (k - first) * p.width + column + v * lanes());
  });
}

template <int kBits, bool kIsMiddle>
HWY_NOINLINE void expand(const NBitsPanel& p, int64_t first, int64_t count, float* weights) {
  if (p.width == kVectors * lanes()) return expand_vectors<kBits, kIsMiddle, kVectors>(p, 0, first, count, weights);
  for (int64_t column = 0; column < p.width; column += lanes())
    expand_vectors<kBits, kIsMiddle, 1>(p, column, first, count, weights);
}

void expand_nbits(const NBitsPanel& p, int64_t first, int64_t count, float* weights) {
  if (p.bits == 2) return expand<2, false>(p, first, count, weights);
  if (p.bits == 8) return expand<8, false>(p, first, count, weights);
  if constexpr (kLooksUp<4>)
    if (p.zeros == ZeroPoints::kMiddle) return expand<4, true>(p, first, count, weights);
  expand<4, false>(p, first, count, weights);
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu_blas::simd {

TENON_SIMD_EXPORT(multiply_nbits);
TENON_SIMD_EXPORT(expand_nbits);

void multiply_nbits(const NBitsProduct& product) {
  TENON_SIMD(multiply_nbits)(product);
}

void expand_nbits(const NBitsPanel& panel, int64_t first, int64_t count, float* weights) {
  TENON_SIMD(expand_nbits)(panel, first, count, weights);
}

}  // namespace tenon::cpu_blas::simd
#endif
