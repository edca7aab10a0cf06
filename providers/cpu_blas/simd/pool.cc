// Pools; see pool.h. The rows of a window are folded into one row with padding around it, whose neighbours are folded
// then: kernel height + width steps for an output, and no edges.
#include "simd/pool.h"

#include <algorithm>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/pool.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/cover-inl.h"
#include "simd/dispatch.h"
#include "simd/strided-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

/// to[i] = the fold of x[i], x[i + step], ... over `taps` of them.
template <class Fold>
HWY_INLINE void fold_rows(const float* x, int64_t taps, int64_t step, float* to, int64_t n) {
  cover(n, [&](auto d, int64_t i) HWY_ATTR {
    auto folded = hn::Set(d, Fold::kStart);
    for (int64_t k = 0; k < taps; ++k) folded = Fold::fold(folded, hn::LoadU(d, x + i + k * step));
    hn::StoreU(folded, d, to + i);
  });
}

/// y[o] = the fold of the window of row[o * stride], times factors[o] unless there are none.
template <class Fold>
HWY_INLINE void fold_columns(const sdk::WindowAxis& w, const float* row, const float* factors, float* y) {
  const auto window = [&](auto d, int64_t o, auto&& load) HWY_ATTR {
    auto folded = hn::Set(d, Fold::kStart);
    for (int64_t k = 0; k < w.kernel; ++k) folded = Fold::fold(folded, load(d, row + o * w.stride + k * w.dilation));
    if (factors != nullptr) folded = hn::Mul(folded, hn::LoadU(d, factors + o));
    hn::StoreU(folded, d, y + o);
  };
  const auto next_to_each_other = [](auto d, const float* x) HWY_ATTR { return hn::LoadU(d, x); };
  if (w.stride == 1) {
    cover(w.out, [&](auto d, int64_t o) HWY_ATTR { window(d, o, next_to_each_other); });
  } else if (w.stride == 2 && w.out > 1) {
    cover(w.out, [&](auto d, int64_t o)
                     HWY_ATTR { window(d, o, [](auto tag, const float* x) HWY_ATTR { return load_even(tag, x); }); });
  } else {
    for (int64_t o = 0; o < w.out; ++o) window(hn::CappedTag<float, 1>(), o, next_to_each_other);
  }
}

/// One output after the other, for windows that are mostly padding.
template <class Fold>
HWY_INLINE void fold_one_by_one(const sdk::WindowAxis& w, const float* x, int64_t taps, int64_t step,
                                const float* factors, float* y) {
  for (int64_t o = 0; o < w.out; ++o) {
    const sdk::WindowAxis::Range columns = w.taps_on(o, 0, w.in);
    float folded = Fold::kStart;
    for (int64_t r = 0; r < taps; ++r)
      for (int64_t k = columns.begin; k < columns.end; ++k) folded = Fold::fold(folded, x[r * step + w.input_of(o, k)]);
    y[o] = factors != nullptr ? folded * factors[o] : folded;
  }
}

template <class Fold>
HWY_INLINE void pool_planes(const PoolPlanes& p, const float* factors, std::vector<float>& row) {
  const sdk::WindowAxis &h = p.h, &w = p.w;
  std::fill(row.begin(), row.end(), Fold::kStart);
  const float* x = p.x;
  float* y = p.y;
  for (int64_t plane = 0; plane < p.count; ++plane, x += h.in * w.in) {
    for (int64_t o = 0; o < h.out; ++o, y += w.out) {
      const sdk::WindowAxis::Range rows = h.taps_on(o, 0, h.in);
      const int64_t taps = rows.end - rows.begin;
      const float* first = taps > 0 ? x + h.input_of(o, rows.begin) * w.in : x;
      const int64_t step = taps > 1 ? h.dilation * w.in : 0;
      const float* of_row = factors != nullptr ? factors + o * w.out : nullptr;
      if (row.empty()) {
        fold_one_by_one<Fold>(w, first, taps, step, of_row, y);
      } else {
        fold_rows<Fold>(first, taps, step, row.data() + w.pad_begin, w.in);
        fold_columns<Fold>(w, row.data(), of_row, y);
      }
    }
  }
}

void max_pool(const PoolPlanes& planes, std::vector<float>& row) {
  pool_planes<Greatest>(planes, nullptr, row);
}

void average_pool(const PoolPlanes& planes, const float* factors, std::vector<float>& row) {
  pool_planes<Sum>(planes, factors, row);
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu_blas::simd {

namespace {

TENON_SIMD_EXPORT(max_pool);
TENON_SIMD_EXPORT(average_pool);

/// A row with its padding, and the float that a load of every other one reads past it; empty for padding without
/// bounds, which takes no memory.
std::vector<float> padded_row(const sdk::WindowAxis& w) {
  const int64_t reach = (w.out - 1) * w.stride + w.extent();
  const int64_t length = std::max(reach, w.pad_begin + w.in) + 1;
  constexpr int64_t kMostPerInput = 4, kAlwaysFine = 4096;
  if (w.in < 1 || length > std::max(kMostPerInput * w.in, kAlwaysFine)) return {};
  return std::vector<float>(static_cast<size_t>(length));
}

}  // namespace

void max_pool(const PoolPlanes& planes) {
  std::vector<float> row = padded_row(planes.w);
  TENON_SIMD(max_pool)(planes, row);
}

void average_pool(const PoolPlanes& planes, const float* factors) {
  std::vector<float> row = padded_row(planes.w);
  TENON_SIMD(average_pool)(planes, factors, row);
}

}  // namespace tenon::cpu_blas::simd
#endif
