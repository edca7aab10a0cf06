// Products of rows with few columns; see row_dots.h.
#include "simd/row_dots.h"

#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/row_dots.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/dispatch.h"
#include "simd/math-inl.h"
#include "simd/panel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

constexpr int kTileRows = 4;

/// `count` floats, less than a vector, and zeros behind them.
HWY_INLINE V load_rest(const float* p, int64_t count) {
  const D d;
  HWY_ALIGN float part[64] = {};
  std::memcpy(part, p, static_cast<size_t>(count) * sizeof(float));
  return hn::Load(d, part);
}

HWY_INLINE float finished(const RowDots& p, int64_t row, int64_t column, float sum) {
  const hn::CappedTag<float, 1> d;
  const float* c = p.c + row * p.c_stride + column;
  if (p.accumulate) sum += *c;
  if (!p.finish) return sum;
  sum = sum * (p.scale != nullptr ? p.scale[column] : 1.0f) + (p.shift != nullptr ? p.shift[column] : 0.0f);
  if (p.residual != nullptr) sum += p.residual[row * p.c_stride + column];
  return hn::GetLane(clamp(hn::Set(d, sum), hn::Set(d, p.low), hn::Set(d, p.high)));
}

/// R rows and N columns from `first` on.
template <int R, int N>
HWY_INLINE void multiply_tile(const RowDots& p, int64_t first) {
  const D d;
  V sums[R][N];
  for (int r = 0; r < R; ++r)
    for (int j = 0; j < N; ++j) sums[r][j] = hn::Zero(d);
  const int64_t whole = p.depth - p.depth % lanes();
  for (int64_t t = 0; t < p.taps; ++t) {
    const float* a[R];
    for (int r = 0; r < R; ++r) a[r] = p.a[t * p.a_gap + first + r];
    const float* w = p.w + t * p.depth;
    for (int64_t k = 0; k < whole; k += lanes()) {
      V columns[N];
      for (int j = 0; j < N; ++j) columns[j] = hn::LoadU(d, w + j * p.w_stride + k);
      for (int r = 0; r < R; ++r) {
        const V x = hn::LoadU(d, a[r] + k);
        for (int j = 0; j < N; ++j) sums[r][j] = hn::MulAdd(x, columns[j], sums[r][j]);
      }
    }
    if (const int64_t rest = p.depth - whole; rest > 0) {
      V columns[N];
      for (int j = 0; j < N; ++j) columns[j] = load_rest(w + j * p.w_stride + whole, rest);
      for (int r = 0; r < R; ++r) {
        const V x = load_rest(a[r] + whole, rest);
        for (int j = 0; j < N; ++j) sums[r][j] = hn::MulAdd(x, columns[j], sums[r][j]);
      }
    }
  }
  for (int r = 0; r < R; ++r)
    for (int j = 0; j < N; ++j)
      p.c[(first + r) * p.c_stride + j] = finished(p, first + r, j, hn::GetLane(hn::SumOfLanes(d, sums[r][j])));
}

template <int N>
HWY_NOINLINE void multiply_columns(const RowDots& p) {
  int64_t row = 0;
  for (; row + kTileRows <= p.rows; row += kTileRows) multiply_tile<kTileRows, N>(p, row);
  for (; row < p.rows; ++row) multiply_tile<1, N>(p, row);
}

void multiply_dots(const RowDots& p) {
  switch (p.columns) {
    case 1: return multiply_columns<1>(p);
    case 2: return multiply_columns<2>(p);
    case 3: return multiply_columns<3>(p);
    default: return multiply_columns<4>(p);
  }
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu_blas::simd {

TENON_SIMD_EXPORT(multiply_dots);

void multiply_dots(const RowDots& dots) {
  TENON_SIMD(multiply_dots)(dots);
}

}  // namespace tenon::cpu_blas::simd
#endif
