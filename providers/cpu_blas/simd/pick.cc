// Where the largest or smallest floats stand; see pick.h.
#include "simd/pick.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/pick.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using DI = hn::ScalableTag<int32_t>;
using V = hn::Vec<D>;
using VI = hn::Vec<DI>;

HWY_INLINE int64_t lanes() {
  return static_cast<int64_t>(hn::Lanes(D()));
}

HWY_INLINE bool takes(Pick pick, float x, float best) {
  if (x != x) return best == best || pick.last;
  if (best != best) return false;
  return (pick.largest ? x > best : x < best) || (pick.last && x == best);
}

/// Where x takes the place of `best`.
template <bool largest, bool last>
HWY_INLINE hn::Mask<D> takes(V x, V best) {
  const auto better = largest ? hn::Gt(x, best) : hn::Lt(x, best);
  const auto x_nan = hn::Not(hn::Eq(x, x)), best_nan = hn::Not(hn::Eq(best, best));  // Ne() is no matter of NaN
  const auto wins = hn::AndNot(best_nan, hn::Or(better, x_nan));
  if (!last) return wins;
  return hn::Or(wins, hn::Or(hn::Eq(x, best), hn::And(x_nan, best_nan)));
}

/// One vector of columns.
template <bool largest, bool last>
HWY_INLINE void pick_vector(const float* x, int64_t length, int64_t step, V* best, VI* at) {
  const D d;
  const DI di;
  *best = hn::LoadU(d, x);
  *at = hn::Zero(di);
  for (int64_t r = 1; r < length; ++r) {
    const V v = hn::LoadU(d, x + r * step);
    const auto mask = takes<largest, last>(v, *best);
    *best = hn::IfThenElse(mask, v, *best);
    *at = hn::IfThenElse(hn::RebindMask(di, mask), hn::Set(di, static_cast<int32_t>(r)), *at);
  }
}

template <bool largest, bool last>
HWY_INLINE int64_t pick_row(const float* x, int64_t n) {
  constexpr Pick pick = {largest, last};
  constexpr int64_t kBlock = int64_t{1} << 30;
  int64_t at = 0, i = 1;
  HWY_ALIGN float values[hn::MaxLanes(D())];
  HWY_ALIGN int32_t indices[hn::MaxLanes(DI())];
  for (int64_t begin = 0; begin + 2 * lanes() <= n; begin += kBlock) {
    const int64_t size = n - begin < kBlock ? n - begin : kBlock, steps = size / lanes();
    V best;
    VI where;
    pick_vector<largest, last>(x + begin, steps, lanes(), &best, &where);
    hn::Store(best, D(), values);
    hn::Store(where, DI(), indices);
    // Lanes hold different elements: of equal ones the first, or last, in the row counts.
    int64_t found = -1;
    for (int64_t l = 0; l < lanes(); ++l) {
      const int64_t place = begin + int64_t{indices[l]} * lanes() + l;
      const bool equal = found >= 0 && (x[found] == values[l] || (x[found] != x[found] && values[l] != values[l]));
      if (found < 0 || (equal ? (place > found) == last : takes({largest, false}, values[l], x[found]))) found = place;
    }
    if (begin == 0 || takes(pick, x[found], x[at])) at = found;
    i = begin + steps * lanes();
  }
  for (; i < n; ++i)
    if (takes(pick, x[i], x[at])) at = i;
  return at;
}

int64_t pick_in_row(Pick pick, const float* x, int64_t n) {
  if (pick.largest) return pick.last ? pick_row<true, true>(x, n) : pick_row<true, false>(x, n);
  return pick.last ? pick_row<false, true>(x, n) : pick_row<false, false>(x, n);
}

template <bool largest, bool last>
HWY_INLINE void pick_columns(const float* x, int64_t length, int64_t step, int64_t columns, int64_t* y) {
  int64_t c = 0;
  HWY_ALIGN int32_t indices[hn::MaxLanes(DI())];
  for (; c + lanes() <= columns; c += lanes()) {
    V best;
    VI where;
    pick_vector<largest, last>(x + c, length, step, &best, &where);
    hn::Store(where, DI(), indices);
    for (int64_t l = 0; l < lanes(); ++l) y[c + l] = indices[l];
  }
  for (; c < columns; ++c) {
    y[c] = 0;
    for (int64_t r = 1; r < length; ++r)
      if (takes({largest, last}, x[r * step + c], x[y[c] * step + c])) y[c] = r;
  }
}

void pick_in_columns(Pick pick, const float* x, int64_t length, int64_t step, int64_t columns, int64_t* y) {
  if (pick.largest) {
    return pick.last ? pick_columns<true, true>(x, length, step, columns, y)
                     : pick_columns<true, false>(x, length, step, columns, y);
  }
  return pick.last ? pick_columns<false, true>(x, length, step, columns, y)
                   : pick_columns<false, false>(x, length, step, columns, y);
}

int64_t next_beyond(bool largest, const float* x, float bound, int64_t begin, int64_t n) {
  const D d;
  const V bounds = hn::Set(d, bound);
  int64_t i = begin;
  for (; i + lanes() <= n; i += lanes()) {
    const V v = hn::LoadU(d, x + i);
    if (!hn::AllTrue(d, largest ? hn::Le(v, bounds) : hn::Ge(v, bounds))) break;
  }
  while (i < n && (largest ? x[i] <= bound : x[i] >= bound)) ++i;
  return i;
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu_blas::simd {

TENON_SIMD_EXPORT(pick_in_row);
TENON_SIMD_EXPORT(pick_in_columns);
TENON_SIMD_EXPORT(next_beyond);

int64_t next_beyond(bool largest, const float* x, float bound, int64_t begin, int64_t n) {
  return TENON_SIMD(next_beyond)(largest, x, bound, begin, n);
}

int64_t pick_in_row(Pick pick, const float* x, int64_t n) {
  return TENON_SIMD(pick_in_row)(pick, x, n);
}

void pick_in_columns(Pick pick, const float* x, int64_t length, int64_t step, int64_t columns, int64_t* y) {
  TENON_SIMD(pick_in_columns)(pick, x, length, step, columns, y);
}

}  // namespace tenon::cpu_blas::simd
#endif
