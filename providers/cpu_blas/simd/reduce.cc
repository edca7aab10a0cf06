// Folding floats; see reduce.h.
#include "simd/reduce.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/reduce.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/dispatch.h"
#include "simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

HWY_INLINE int64_t lanes() {
  return static_cast<int64_t>(hn::Lanes(D()));
}

struct SumOf {
  static constexpr float kStart = 0;
  static HWY_INLINE V add(V sum, V x) { return hn::Add(sum, x); }
  static HWY_INLINE V join(V a, V b) { return hn::Add(a, b); }
  static HWY_INLINE float add(float sum, float x) { return sum + x; }
  static HWY_INLINE float lane(V v) { return hn::GetLane(hn::SumOfLanes(D(), v)); }
};

struct MagnitudesOf : SumOf {
  static HWY_INLINE V add(V sum, V x) { return hn::Add(sum, hn::Abs(x)); }
  static HWY_INLINE float add(float sum, float x) { return sum + std::fabs(x); }
};

struct SquaresOf : SumOf {
  static HWY_INLINE V add(V sum, V x) { return hn::MulAdd(x, x, sum); }
  static HWY_INLINE float add(float sum, float x) { return sum + x * x; }
};

/// `best` stays where it is NaN, and a NaN x takes its place.
template <bool kLargest>
struct BestOf {
  static constexpr float kStart = kLargest ? -HUGE_VALF : HUGE_VALF;
  static HWY_INLINE V add(V best, V x) {
    const V picked = kLargest ? hn::Max(best, x) : hn::Min(best, x);
    return hn::IfThenElse(hn::Eq(x, x), hn::IfThenElse(hn::Eq(best, best), picked, best), x);
  }
  static HWY_INLINE V join(V a, V b) { return add(a, b); }
  static HWY_INLINE float add(float best, float x) {
    return best != best || (kLargest ? best > x : best < x) ? best : x;
  }
  static HWY_INLINE float lane(V v) {
    const D d;
    if (!hn::AllTrue(d, hn::Eq(v, v))) return NAN;
    return hn::GetLane(kLargest ? hn::MaxOfLanes(d, v) : hn::MinOfLanes(d, v));
  }
};

/// Of n floats that are not whole vectors, the last vector's worth: those before it are replaced by `start`.
HWY_INLINE V load_rest(const float* x, int64_t n, V start) {
  const D d;
  const auto seen = hn::FirstN(d, static_cast<size_t>(lanes() - n % lanes()));
  return hn::IfThenElse(seen, start, hn::LoadU(d, x + n - lanes()));
}

template <class F>
HWY_INLINE float fold_block(const float* x, int64_t n) {
  const D d;
  const V start = hn::Set(d, F::kStart);
  float all = F::kStart;
  int64_t i = 0;
  if (n >= lanes()) {
    V a = start, b = start, c = start, e = start;
    for (; i + 4 * lanes() <= n; i += 4 * lanes()) {
      a = F::add(a, hn::LoadU(d, x + i));
      b = F::add(b, hn::LoadU(d, x + i + lanes()));
      c = F::add(c, hn::LoadU(d, x + i + 2 * lanes()));
      e = F::add(e, hn::LoadU(d, x + i + 3 * lanes()));
    }
    for (; i + lanes() <= n; i += lanes()) a = F::add(a, hn::LoadU(d, x + i));
    if (i < n) b = F::add(b, load_rest(x, n, start));
    return F::lane(F::join(F::join(a, b), F::join(c, e)));
  }
  for (; i < n; ++i) all = F::add(all, x[i]);
  return all;
}

/// The same of the largest or smallest: without an eye on NaN, which the sums tell of, as they do, needlessly, where
/// infinities meet.
template <bool kLargest>
HWY_INLINE float best_block(const float* x, int64_t n) {
  using F = BestOf<kLargest>;
  const D d;
  const V start = hn::Set(d, F::kStart);
  if (n < lanes()) return fold_block<F>(x, n);
  V a = start, b = start, told_a = hn::Zero(d), told_b = hn::Zero(d);
  const auto add = [](V v, V* best, V* told) HWY_ATTR {
    *best = kLargest ? hn::Max(*best, v) : hn::Min(*best, v);
    *told = hn::Add(*told, v);
  };
  int64_t i = 0;
  for (; i + 2 * lanes() <= n; i += 2 * lanes()) {
    add(hn::LoadU(d, x + i), &a, &told_a);
    add(hn::LoadU(d, x + i + lanes()), &b, &told_b);
  }
  if (i + lanes() <= n) {
    add(hn::LoadU(d, x + i), &a, &told_a);
    i += lanes();
  }
  if (i < n) add(hn::LoadU(d, x + n - lanes()), &b, &told_b);
  const V told = hn::Add(told_a, told_b);
  if (!hn::AllTrue(d, hn::Eq(told, told))) return fold_block<F>(x, n);
  const V best = kLargest ? hn::Max(a, b) : hn::Min(a, b);
  return hn::GetLane(kLargest ? hn::MaxOfLanes(d, best) : hn::MinOfLanes(d, best));
}

constexpr int64_t kBlock = 4096;

template <class F>
HWY_INLINE double fold_sums(const float* x, int64_t n) {
  if (n <= kBlock) return fold_block<F>(x, n);
  double total = 0;
  for (int64_t i = 0; i < n; i += kBlock) total += fold_block<F>(x + i, std::min(kBlock, n - i));
  return total;
}

double fold_row(Fold fold, const float* x, int64_t n) {
  switch (fold) {
    case Fold::kSum: return fold_sums<SumOf>(x, n);
    case Fold::kMagnitudes: return fold_sums<MagnitudesOf>(x, n);
    case Fold::kSquares: return fold_sums<SquaresOf>(x, n);
    case Fold::kMax: return best_block<true>(x, n);
    default: return best_block<false>(x, n);
  }
}

template <class F>
HWY_INLINE void fold_dense(const float* x, int64_t rows, int64_t n, float* y) {
  for (int64_t r = 0; r < rows; ++r) y[r] = static_cast<float>(fold_sums<F>(x + r * n, n));
}

void fold_each_row(Fold fold, const float* x, int64_t rows, int64_t n, float* y) {
  switch (fold) {
    case Fold::kSum: return fold_dense<SumOf>(x, rows, n, y);
    case Fold::kMagnitudes: return fold_dense<MagnitudesOf>(x, rows, n, y);
    case Fold::kSquares: return fold_dense<SquaresOf>(x, rows, n, y);
    case Fold::kMax:
      for (int64_t r = 0; r < rows; ++r) y[r] = best_block<true>(x + r * n, n);
      return;
    default:
      for (int64_t r = 0; r < rows; ++r) y[r] = best_block<false>(x + r * n, n);
  }
}

/// sums[c] = the fold of some rows, in pieces of columns that fill registers.
template <class F>
HWY_INLINE void fold_few_rows(const float* x, int64_t rows, int64_t step, int64_t columns, float* sums) {
  const D d;
  const V start = hn::Set(d, F::kStart);
  int64_t c = 0;
  for (; c + 4 * lanes() <= columns; c += 4 * lanes()) {
    V a = start, b = start, e = start, f = start;
    const float* row = x + c;
    for (int64_t r = 0; r < rows; ++r, row += step) {
      a = F::add(a, hn::LoadU(d, row));
      b = F::add(b, hn::LoadU(d, row + lanes()));
      e = F::add(e, hn::LoadU(d, row + 2 * lanes()));
      f = F::add(f, hn::LoadU(d, row + 3 * lanes()));
    }
    hn::StoreU(a, d, sums + c), hn::StoreU(b, d, sums + c + lanes());
    hn::StoreU(e, d, sums + c + 2 * lanes()), hn::StoreU(f, d, sums + c + 3 * lanes());
  }
  for (; c + lanes() <= columns; c += lanes()) {
    V a = start;
    for (int64_t r = 0; r < rows; ++r) a = F::add(a, hn::LoadU(d, x + r * step + c));
    hn::StoreU(a, d, sums + c);
  }
  for (; c < columns; ++c) {
    float a = F::kStart;
    for (int64_t r = 0; r < rows; ++r) a = F::add(a, x[r * step + c]);
    sums[c] = a;
  }
}

template <class F>
HWY_INLINE void fold_rows(const float* x, int64_t rows, int64_t step, int64_t columns, bool more, float* y) {
  // Few rows at a time: pages stay in the translation buffer, and sums short.
  constexpr int64_t kRows = 64, kColumns = 1024;
  const D d;
  float sums[kColumns];
  for (int64_t c0 = 0; c0 < columns; c0 += kColumns) {
    const int64_t n = std::min(kColumns, columns - c0);
    float* out = y + c0;
    bool add = more;
    if (rows == 0 && !more) std::fill_n(out, n, F::kStart);
    for (int64_t r = 0; r < rows; r += kRows, add = true) {
      fold_few_rows<F>(x + r * step + c0, std::min(kRows, rows - r), step, n, add ? sums : out);
      if (!add) continue;
      int64_t c = 0;
      for (; c + lanes() <= n; c += lanes())
        hn::StoreU(F::join(hn::LoadU(d, out + c), hn::LoadU(d, sums + c)), d, out + c);
      for (; c < n; ++c) {
        if constexpr (F::kStart == 0) {
          out[c] += sums[c];
        } else {
          out[c] = F::add(out[c], sums[c]);
        }
      }
    }
  }
}

void fold_columns(Fold fold, const float* x, int64_t rows, int64_t step, int64_t columns, bool more, float* y) {
  switch (fold) {
    case Fold::kSum: return fold_rows<SumOf>(x, rows, step, columns, more, y);
    case Fold::kMagnitudes: return fold_rows<MagnitudesOf>(x, rows, step, columns, more, y);
    case Fold::kSquares: return fold_rows<SquaresOf>(x, rows, step, columns, more, y);
    case Fold::kMax: return fold_rows<BestOf<true>>(x, rows, step, columns, more, y);
    default: return fold_rows<BestOf<false>>(x, rows, step, columns, more, y);
  }
}

double sum_of_powers(const float* x, int64_t n, float shift) {
  const D d;
  const V shifts = hn::Set(d, shift);
  double total = 0;
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    const float* block = x + begin;
    const int64_t size = std::min(kBlock, n - begin);
    // Differences of numbers, none above 0: the plain function does.
    const auto power = [&](V v) HWY_ATTR { return hn::Exp(d, hn::Sub(v, shifts)); };
    V a = hn::Zero(d), b = hn::Zero(d);
    int64_t i = 0;
    for (; i + 2 * lanes() <= size; i += 2 * lanes()) {
      a = hn::Add(a, power(hn::LoadU(d, block + i)));
      b = hn::Add(b, power(hn::LoadU(d, block + i + lanes())));
    }
    for (; i + lanes() <= size; i += lanes()) a = hn::Add(a, power(hn::LoadU(d, block + i)));
    if (i < size && size >= lanes()) {
      b = hn::Add(b, power(load_rest(block, size, hn::Set(d, -HUGE_VALF))));
      i = size;
    }
    float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(a, b)));
    for (; i < size; ++i) sum += std::exp(block[i] - shift);
    total += static_cast<double>(sum);
  }
  return total;
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu_blas::simd {

TENON_SIMD_EXPORT(fold_row);
TENON_SIMD_EXPORT(fold_each_row);
TENON_SIMD_EXPORT(fold_columns);
TENON_SIMD_EXPORT(sum_of_powers);

double fold_row(Fold fold, const float* x, int64_t n) {
  return TENON_SIMD(fold_row)(fold, x, n);
}

void fold_each_row(Fold fold, const float* x, int64_t rows, int64_t n, float* y) {
  TENON_SIMD(fold_each_row)(fold, x, rows, n, y);
}

void fold_columns(Fold fold, const float* x, int64_t rows, int64_t step, int64_t columns, bool more, float* y) {
  TENON_SIMD(fold_columns)(fold, x, rows, step, columns, more, y);
}

double sum_of_powers(const float* x, int64_t n, float shift) {
  return TENON_SIMD(sum_of_powers)(x, n, shift);
}

}  // namespace tenon::cpu_blas::simd
#endif
