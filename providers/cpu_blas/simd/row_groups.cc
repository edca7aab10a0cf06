// Products of rows with narrow groups; see row_groups.h.
#include "simd/row_groups.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/row_groups.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/dispatch.h"
#include "simd/math-inl.h"
#include "simd/panel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

constexpr int kTileRows = kVectors == 2 ? 4 : 8;

bool takes_groups(int64_t group_channels) {
  return (group_channels == 2 || group_channels == 4 || group_channels == 8) && 2 * group_channels <= lanes();
}

/// R rows from `first` on of groups of G.
template <int R, int G>
HWY_INLINE void multiply_tile(const RowGroups& p, int64_t first) {
  const D d;
  // Of lane j, the k-th input of its group.
  HWY_ALIGN int32_t places[64];
  decltype(hn::SetTableIndices(d, places)) inputs[G];
  for (int k = 0; k < G; ++k) {
    for (int j = 0; j < static_cast<int>(lanes()); ++j) places[j] = j - j % G + k;
    inputs[k] = hn::SetTableIndices(d, places);
  }
  V sums[R];
  for (int r = 0; r < R; ++r) sums[r] = hn::Zero(d);
  const float* w = p.w;
  for (int64_t t = 0; t < p.taps; ++t) {
    V x[R];
    for (int r = 0; r < R; ++r) x[r] = hn::LoadU(d, p.a[t * p.a_gap + first + r] + p.a_offset);
    for (int k = 0; k < G; ++k, w += lanes()) {
      const V weights = hn::LoadU(d, w);
      for (int r = 0; r < R; ++r) sums[r] = hn::MulAdd(hn::TableLookupLanes(x[r], inputs[k]), weights, sums[r]);
    }
  }
  const V scale = p.scale != nullptr ? hn::LoadU(d, p.scale) : hn::Set(d, 1.0f);
  const V shift = p.shift != nullptr ? hn::LoadU(d, p.shift) : hn::Zero(d);
  for (int r = 0; r < R; ++r) {
    const int64_t at = (first + r) * p.c_stride;
    V value = sums[r];
    if (p.accumulate) value = hn::Add(value, hn::LoadU(d, p.c + at));
    if (p.finish) {
      value = hn::MulAdd(value, scale, shift);
      if (p.residual != nullptr) value = hn::Add(value, hn::LoadU(d, p.residual + at));
      value = clamp(value, hn::Set(d, p.low), hn::Set(d, p.high));
    }
    hn::StoreU(value, d, p.c + at);
  }
}

template <int G>
HWY_NOINLINE void multiply_rows_of(const RowGroups& p) {
  int64_t row = 0;
  for (; row + kTileRows <= p.rows; row += kTileRows) multiply_tile<kTileRows, G>(p, row);
  for (; row < p.rows; ++row) multiply_tile<1, G>(p, row);
}

void multiply_groups(const RowGroups& p) {
  switch (p.group) {
    case 2: return multiply_rows_of<2>(p);
    case 4: return multiply_rows_of<4>(p);
    default: return multiply_rows_of<8>(p);
  }
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu_blas::simd {

TENON_SIMD_EXPORT(takes_groups);
TENON_SIMD_EXPORT(multiply_groups);

bool takes_groups(int64_t group_channels) {
  return TENON_SIMD(takes_groups)(group_channels);
}

void multiply_groups(const RowGroups& product) {
  TENON_SIMD(multiply_groups)(product);
}

}  // namespace tenon::cpu_blas::simd
#endif
