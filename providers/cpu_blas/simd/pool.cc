// Pools; see pool.h. A vector holds neighbouring outputs and goes over its windows in registers; where a window reaches
// over the left or right edge, an output is pooled by itself.
#include "simd/pool.h"

#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/pool.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/dispatch.h"
#include "simd/strided-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

struct Greatest {
  static constexpr float kStart = -std::numeric_limits<float>::infinity();
  template <class V>
  static HWY_INLINE V fold(V a, V b) {
    return hn::IfThenElse(hn::Or(hn::Gt(a, b), hn::IsNaN(a)), a, b);
  }
  static HWY_INLINE float fold(float a, float b) { return a > b || a != a ? a : b; }
};

struct Sum {
  static constexpr float kStart = 0;
  template <class V>
  static HWY_INLINE V fold(V a, V b) {
    return hn::Add(a, b);
  }
  static HWY_INLINE float fold(float a, float b) { return a + b; }
};

/// What the windows of one row of outputs cover: `taps` rows of w.in inputs, `step` floats from one to the next; where
/// the outputs go, and a factor of each, null for none.
struct RowOfWindows {
  const float* x;
  int64_t taps, step;
  float* y;
  const float* factors;
};

template <class Fold>
HWY_INLINE void pool_one(const sdk::WindowAxis& w, const RowOfWindows& row, int64_t o) {
  const sdk::WindowAxis::Range taps = w.taps_on(o, 0, w.in);
  float folded = Fold::kStart;
  for (int64_t r = 0; r < row.taps; ++r)
    for (int64_t k = taps.begin; k < taps.end; ++k) folded = Fold::fold(folded, row.x[r * row.step + w.input_of(o, k)]);
  row.y[o] = row.factors != nullptr ? folded * row.factors[o] : folded;
}

/// The outputs from o on that one vector holds; load(d, x) takes one input of each.
template <class Fold, class Tag, class Load>
HWY_INLINE void pool_vector(Tag d, const sdk::WindowAxis& w, const RowOfWindows& row, int64_t o, Load&& load) {
  const float* x = row.x + w.input_of(o, 0);
  auto folded = hn::Set(d, Fold::kStart);
  for (int64_t r = 0; r < row.taps; ++r, x += row.step)
    for (int64_t k = 0; k < w.kernel; ++k) folded = Fold::fold(folded, load(d, x + k * w.dilation));
  if (row.factors != nullptr) folded = hn::Mul(folded, hn::LoadU(d, row.factors + o));
  hn::StoreU(folded, d, row.y + o);
}

/// Outputs whose whole window lies inside, at least a vector of them: the last vector covers some of the one before
/// again.
template <class Fold, class Tag>
HWY_INLINE void pool_vectors(Tag d, const sdk::WindowAxis& w, const RowOfWindows& row, sdk::WindowAxis::Range whole) {
  const auto step = static_cast<int64_t>(hn::Lanes(d));
  const int64_t last = whole.end - step;
  if (w.stride == 1) {
    const auto load = [](Tag tag, const float* x) HWY_ATTR { return hn::LoadU(tag, x); };
    for (int64_t o = whole.begin; o < last; o += step) pool_vector<Fold>(d, w, row, o, load);
    pool_vector<Fold>(d, w, row, last, load);
  } else {
    const auto load = [](Tag tag, const float* x) HWY_ATTR { return load_even(tag, x); };
    for (int64_t o = whole.begin; o < last; o += step) pool_vector<Fold>(d, w, row, o, load);
    pool_vector<Fold>(d, w, row, last, [](Tag tag, const float* x) HWY_ATTR { return load_last_even(tag, x); });
  }
}

/// Pools one row with the longest vectors that the row fills.
template <class Fold>
HWY_INLINE void pool_row(const sdk::WindowAxis& w, const RowOfWindows& row, sdk::WindowAxis::Range whole) {
  const int64_t n = whole.end - whole.begin;
  const hn::ScalableTag<float> longest;
  const hn::CappedTag<float, 8> d8;
  const hn::CappedTag<float, 4> d4;
  const hn::CappedTag<float, 2> d2;
  if (w.stride > 2 || n < static_cast<int64_t>(hn::Lanes(d2))) whole.end = whole.begin;
  for (int64_t o = 0; o < whole.begin; ++o) pool_one<Fold>(w, row, o);
  if (whole.end == whole.begin) {
  } else if (n >= static_cast<int64_t>(hn::Lanes(longest))) {
    pool_vectors<Fold>(longest, w, row, whole);
  } else if (n >= static_cast<int64_t>(hn::Lanes(d8))) {
    pool_vectors<Fold>(d8, w, row, whole);
  } else if (n >= static_cast<int64_t>(hn::Lanes(d4))) {
    pool_vectors<Fold>(d4, w, row, whole);
  } else {
    pool_vectors<Fold>(d2, w, row, whole);
  }
  for (int64_t o = whole.end; o < w.out; ++o) pool_one<Fold>(w, row, o);
}

template <class Fold>
HWY_INLINE void pool_planes(const PoolPlanes& p, const float* factors) {
  const sdk::WindowAxis &h = p.h, &w = p.w;
  const sdk::WindowAxis::Range whole = w.whole_windows();
  const float* x = p.x;
  float* y = p.y;
  for (int64_t plane = 0; plane < p.count; ++plane, x += h.in * w.in) {
    for (int64_t o = 0; o < h.out; ++o, y += w.out) {
      const sdk::WindowAxis::Range taps = h.taps_on(o, 0, h.in);
      const int64_t count = taps.end - taps.begin;
      const RowOfWindows row{count > 0 ? x + h.input_of(o, taps.begin) * w.in : x, count,
                             count > 1 ? h.dilation * w.in : 0, y, factors != nullptr ? factors + o * w.out : nullptr};
      pool_row<Fold>(w, row, whole);
    }
  }
}

void max_pool(const PoolPlanes& planes) {
  pool_planes<Greatest>(planes, nullptr);
}

void average_pool(const PoolPlanes& planes, const float* factors) {
  pool_planes<Sum>(planes, factors);
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu_blas::simd {

TENON_SIMD_EXPORT(max_pool);
TENON_SIMD_EXPORT(average_pool);

void max_pool(const PoolPlanes& planes) {
  TENON_SIMD(max_pool)(planes);
}

void average_pool(const PoolPlanes& planes, const float* factors) {
  TENON_SIMD(average_pool)(planes, factors);
}

}  // namespace tenon::cpu_blas::simd
#endif
