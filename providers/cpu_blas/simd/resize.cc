// Rows of resized tensors; see resize.h.
#include "simd/resize.h"

#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/resize.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/dispatch.h"
#include "simd/panel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

template <int kTaps>
HWY_INLINE void blend(const float* const* rows, const float* weights, float* y, int64_t n) {
  const D d;
  const float* r[kTaps];
  V w[kTaps];
  for (int t = 0; t < kTaps; ++t) r[t] = rows[t], w[t] = hn::Set(d, weights[t]);
  int64_t i = 0;
  for (; i + lanes() <= n; i += lanes()) {
    V sum = hn::Mul(w[0], hn::LoadU(d, r[0] + i));
    for (int t = 1; t < kTaps; ++t) sum = hn::MulAdd(w[t], hn::LoadU(d, r[t] + i), sum);
    hn::StoreU(sum, d, y + i);
  }
  for (; i < n; ++i) {
    float sum = weights[0] * r[0][i];
    for (int t = 1; t < kTaps; ++t) sum += weights[t] * r[t][i];
    y[i] = sum;
  }
}

void blend_rows(const float* const* rows, const float* weights, int taps, float* y, int64_t n) {
  switch (taps) {
    case 1: std::memcpy(y, rows[0], static_cast<size_t>(n) * sizeof(float)); return;
    case 2: return blend<2>(rows, weights, y, n);
    default: return blend<kMostTaps>(rows, weights, y, n);
  }
}

/// Each input 2 or 4 times.
template <int kRepeats>
HWY_INLINE void repeat_row(int64_t outputs, const float* x, float* y) {
  int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  const D d;
  for (; (i + lanes()) * kRepeats <= outputs; i += lanes()) {
    const V v = hn::LoadU(d, x + i);
    if constexpr (kRepeats == 2) {
      hn::StoreInterleaved2(v, v, d, y + 2 * i);
    } else {
      hn::StoreInterleaved4(v, v, v, v, d, y + 4 * i);
    }
  }
#endif
  for (int64_t o = i * kRepeats; o < outputs; ++o) y[o] = x[o / kRepeats];
}

template <int kTaps>
HWY_INLINE void gather_row(const AxisTable& axis, const float* x, float* y) {
  const D d;
  const hn::RebindToSigned<D> di;
  int64_t o = 0;
  for (; o + lanes() <= axis.outputs; o += lanes()) {
    V sum = hn::GatherIndex(d, x, hn::LoadU(di, axis.at + o));
    if constexpr (kTaps > 1) {
      sum = hn::Mul(hn::LoadU(d, axis.weights + o), sum);
      for (int t = 1; t < kTaps; ++t) {
        const int64_t at = t * axis.outputs + o;
        sum = hn::MulAdd(hn::LoadU(d, axis.weights + at), hn::GatherIndex(d, x, hn::LoadU(di, axis.at + at)), sum);
      }
    }
    hn::StoreU(sum, d, y + o);
  }
  for (; o < axis.outputs; ++o) {
    float sum = x[axis.at[o]];
    if constexpr (kTaps > 1) {
      sum *= axis.weights[o];
      for (int t = 1; t < kTaps; ++t) sum += axis.weights[t * axis.outputs + o] * x[axis.at[t * axis.outputs + o]];
    }
    y[o] = sum;
  }
}

void resize_row(const AxisTable& axis, const float* x, float* y) {
  if (axis.taps == 1 && axis.repeats == 2) return repeat_row<2>(axis.outputs, x, y);
  if (axis.taps == 1 && axis.repeats == 4) return repeat_row<4>(axis.outputs, x, y);
  switch (axis.taps) {
    case 1: return gather_row<1>(axis, x, y);
    case 2: return gather_row<2>(axis, x, y);
    default: return gather_row<kMostTaps>(axis, x, y);
  }
}

void resize_row_of(const AxisTable& axis, const float* x, int64_t inner, float* y) {
  for (int64_t o = 0; o < axis.outputs; ++o, y += inner) {
    const float* rows[kMostTaps];
    float weights[kMostTaps];
    for (int t = 0; t < axis.taps; ++t) {
      rows[t] = x + axis.at[t * axis.outputs + o] * inner;
      weights[t] = axis.weights[t * axis.outputs + o];
    }
    blend_rows(rows, weights, axis.taps, y, inner);
  }
}

void interleave_rows(const float* const* rows, int64_t count, int64_t n, float* y) {
  int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  const D d;
  const auto row = [&](int r) { return hn::LoadU(d, rows[r] + i); };
  if (count == 2)
    for (; i + lanes() <= n; i += lanes()) hn::StoreInterleaved2(row(0), row(1), d, y + 2 * i);
  if (count == 4)
    for (; i + lanes() <= n; i += lanes()) hn::StoreInterleaved4(row(0), row(1), row(2), row(3), d, y + 4 * i);
#endif
  for (; i < n; ++i)
    for (int64_t r = 0; r < count; ++r) y[i * count + r] = rows[r][i];
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu_blas::simd {

TENON_SIMD_EXPORT(blend_rows);
TENON_SIMD_EXPORT(resize_row);
TENON_SIMD_EXPORT(resize_row_of);
TENON_SIMD_EXPORT(interleave_rows);

void blend_rows(const float* const* rows, const float* weights, int taps, float* y, int64_t n) {
  TENON_SIMD(blend_rows)(rows, weights, taps, y, n);
}
void resize_row(const AxisTable& axis, const float* x, float* y) {
  TENON_SIMD(resize_row)(axis, x, y);
}
void resize_row_of(const AxisTable& axis, const float* x, int64_t inner, float* y) {
  TENON_SIMD(resize_row_of)(axis, x, inner, y);
}

void interleave_rows(const float* const* rows, int64_t count, int64_t n, float* y) {
  TENON_SIMD(interleave_rows)(rows, count, n, y);
}

}  // namespace tenon::cpu_blas::simd
#endif
