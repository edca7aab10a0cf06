// What attention does between its products; see attention.h.
#include "simd/attention.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/attention.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/dispatch.h"
#include "simd/math-inl.h"
#include "simd/panel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

/// A square of four rows and columns.
HWY_INLINE void transpose_square(const float* from, int64_t from_stride, float factor, float* to, int64_t to_stride) {
#if HWY_TARGET != HWY_SCALAR
  const hn::CappedTag<float, 4> d;
  const auto f = hn::Set(d, factor);
  const auto r0 = hn::LoadU(d, from), r1 = hn::LoadU(d, from + from_stride);
  const auto r2 = hn::LoadU(d, from + 2 * from_stride), r3 = hn::LoadU(d, from + 3 * from_stride);
  const auto even0 = hn::InterleaveLower(d, r0, r2), odd0 = hn::InterleaveLower(d, r1, r3);
  const auto even1 = hn::InterleaveUpper(d, r0, r2), odd1 = hn::InterleaveUpper(d, r1, r3);
  hn::StoreU(hn::Mul(f, hn::InterleaveLower(d, even0, odd0)), d, to);
  hn::StoreU(hn::Mul(f, hn::InterleaveUpper(d, even0, odd0)), d, to + to_stride);
  hn::StoreU(hn::Mul(f, hn::InterleaveLower(d, even1, odd1)), d, to + 2 * to_stride);
  hn::StoreU(hn::Mul(f, hn::InterleaveUpper(d, even1, odd1)), d, to + 3 * to_stride);
#else
  for (int64_t i = 0; i < 4; ++i)
    for (int64_t j = 0; j < 4; ++j) to[j * to_stride + i] = from[i * from_stride + j] * factor;
#endif
}

void transpose_scaled(const float* from, int64_t from_stride, int64_t rows, int64_t columns, float factor, float* to,
                      int64_t to_stride) {
  int64_t i = 0;
  for (; i + 4 <= rows; i += 4) {
    int64_t j = 0;
    for (; j + 4 <= columns; j += 4)
      transpose_square(from + i * from_stride + j, from_stride, factor, to + j * to_stride + i, to_stride);
    for (; j < columns; ++j)
      for (int64_t r = i; r < i + 4; ++r) to[j * to_stride + r] = from[r * from_stride + j] * factor;
  }
  for (; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) to[j * to_stride + i] = from[i * from_stride + j] * factor;
  for (int64_t j = 0; rows < to_stride && j < columns; ++j)
    std::fill(to + j * to_stride + rows, to + (j + 1) * to_stride, 0.0f);
}

/// The score of row k in the lanes whose first query sees the rows up to `last`, with all that is added to it.
template <bool kHasBias, bool kIsCausal>
HWY_INLINE V biased_score(const ScoreBlock& b, int64_t k, int64_t at, V last) {
  const D d;
  V score = hn::LoadU(d, b.scores + k * b.stride + at);
  if (kHasBias) {
    if (b.softcap > 0) score = hn::Mul(hn::Set(d, b.softcap), tanh(d, hn::Div(score, hn::Set(d, b.softcap))));
    if (b.key_bias != nullptr) score = hn::Add(score, hn::Set(d, b.key_bias[k]));
    if (b.bias != nullptr) score = hn::Add(score, hn::LoadU(d, b.bias + k * b.stride + at));
  }
  if (kIsCausal) {
    const V unseen = hn::IfThenElseZero(hn::Gt(hn::Set(d, static_cast<float>(k)), last), hn::Set(d, -HUGE_VALF));
    score = hn::Add(score, unseen);
  }
  return score;
}

/// The columns of a vector.
template <bool kHasBias, bool kIsCausal>
HWY_INLINE void weigh_columns(const ScoreBlock& b, int64_t at) {
  const D d;
  const V nothing = hn::Set(d, -HUGE_VALF);
  // Rows are counted exactly as floats: a block has far fewer than 2^24.
  const V last = hn::Add(hn::Iota(d, 0), hn::Set(d, static_cast<float>(b.last_of_first + at)));
  const V before = hn::LoadU(d, b.top + at);
  V top = before;
  for (int64_t k = 0; k < b.keys; ++k) {
    const V score = biased_score<kHasBias, kIsCausal>(b, k, at, last);
    if (kHasBias || kIsCausal) hn::StoreU(score, d, b.scores + k * b.stride + at);
    top = hn::Max(top, score);
  }
  // Minus infinity less itself would be NaN.
  const V base = hn::IfThenElse(hn::Eq(top, nothing), hn::Zero(d), top);
  V sums[2] = {hn::Zero(d), hn::Zero(d)};
  float* scores = b.scores + at;
  int64_t k = 0;
  for (; k + 2 <= b.keys; k += 2, scores += 2 * b.stride) {
    const V first = exp_of_negative(d, hn::Sub(hn::LoadU(d, scores), base));
    const V second = exp_of_negative(d, hn::Sub(hn::LoadU(d, scores + b.stride), base));
    hn::StoreU(first, d, scores);
    hn::StoreU(second, d, scores + b.stride);
    sums[0] = hn::Add(sums[0], first);
    sums[1] = hn::Add(sums[1], second);
  }
  if (k < b.keys) {
    const V weight = exp_of_negative(d, hn::Sub(hn::LoadU(d, scores), base));
    hn::StoreU(weight, d, scores);
    sums[0] = hn::Add(sums[0], weight);
  }
  const V factor = exp_of_negative(d, hn::Sub(before, base));
  hn::StoreU(factor, d, b.factor + at);
  hn::StoreU(top, d, b.top + at);
  hn::StoreU(hn::MulAdd(hn::LoadU(d, b.sum + at), factor, hn::Add(sums[0], sums[1])), d, b.sum + at);
}

template <bool kHasBias, bool kIsCausal>
HWY_INLINE void weigh_all(const ScoreBlock& b) {
  for (int64_t at = 0; at < b.queries; at += lanes()) weigh_columns<kHasBias, kIsCausal>(b, at);
}

void weigh_scores(const ScoreBlock& b) {
  const bool has_bias = b.softcap > 0 || b.key_bias != nullptr || b.bias != nullptr;
  const bool is_causal = b.last_of_first < b.keys - 1;
  if (has_bias && is_causal) return weigh_all<true, true>(b);
  if (has_bias) return weigh_all<true, false>(b);
  if (is_causal) return weigh_all<false, true>(b);
  weigh_all<false, false>(b);
}

void dot_rows(const float* q, const float* keys, int64_t stride, int64_t count, int64_t size, float* scores) {
  const D d;
  const int64_t whole = size - size % lanes();
  constexpr int64_t kRows = 4;
  int64_t k = 0;
  for (; k + kRows <= count; k += kRows) {
    const float* row = keys + k * stride;
    V sums[kRows] = {hn::Zero(d), hn::Zero(d), hn::Zero(d), hn::Zero(d)};
    for (int64_t i = 0; i < whole; i += lanes()) {
      const V x = hn::LoadU(d, q + i);
      for (int64_t r = 0; r < kRows; ++r) sums[r] = hn::MulAdd(x, hn::LoadU(d, row + r * stride + i), sums[r]);
    }
    for (int64_t r = 0; r < kRows; ++r) {
      float sum = hn::GetLane(hn::SumOfLanes(d, sums[r]));
      for (int64_t i = whole; i < size; ++i) sum += q[i] * row[r * stride + i];
      scores[k + r] = sum;
    }
  }
  for (; k < count; ++k) {
    const float* row = keys + k * stride;
    V sums = hn::Zero(d);
    for (int64_t i = 0; i < whole; i += lanes()) sums = hn::MulAdd(hn::LoadU(d, q + i), hn::LoadU(d, row + i), sums);
    float sum = hn::GetLane(hn::SumOfLanes(d, sums));
    for (int64_t i = whole; i < size; ++i) sum += q[i] * row[i];
    scores[k] = sum;
  }
}

/// Columns [at, at + N vectors) of the sum.
template <int N>
HWY_INLINE void add_weighted_vectors(const float* weights, const float* values, int64_t stride, int64_t count,
                                     float* y) {
  const D d;
  // Two sums of each, or the additions would wait for each other.
  V even[N], odd[N];
  for (int v = 0; v < N; ++v) even[v] = odd[v] = hn::Zero(d);
  int64_t k = 0;
  for (; k + 2 <= count; k += 2) {
    const V first = hn::Set(d, weights[k]), second = hn::Set(d, weights[k + 1]);
    for (int v = 0; v < N; ++v) even[v] = hn::MulAdd(first, hn::LoadU(d, values + k * stride + v * lanes()), even[v]);
    for (int v = 0; v < N; ++v)
      odd[v] = hn::MulAdd(second, hn::LoadU(d, values + (k + 1) * stride + v * lanes()), odd[v]);
  }
  if (k < count)
    for (int v = 0; v < N; ++v)
      even[v] = hn::MulAdd(hn::Set(d, weights[k]), hn::LoadU(d, values + k * stride + v * lanes()), even[v]);
  for (int v = 0; v < N; ++v) hn::StoreU(hn::Add(even[v], odd[v]), d, y + v * lanes());
}

/// Rows [0, R) added to y, whole vectors of them; the first element that is left.
template <int R>
HWY_INLINE int64_t add_rows_to(const float* weights, const float* values, int64_t stride, int64_t size, float* y) {
  const D d;
  V w[R];
  for (int r = 0; r < R; ++r) w[r] = hn::Set(d, weights[r]);
  int64_t i = 0;
  for (; i + lanes() <= size; i += lanes()) {
    V sum = hn::LoadU(d, y + i);
    for (int r = 0; r < R; ++r) sum = hn::MulAdd(w[r], hn::LoadU(d, values + r * stride + i), sum);
    hn::StoreU(sum, d, y + i);
  }
  return i;
}

/// Some whole rows after the others, as short pieces of long rows would each come from another page.
HWY_INLINE void add_long_rows(const float* weights, const float* values, int64_t stride, int64_t count, int64_t size,
                              float* y) {
  constexpr int kRows = 4;
  std::fill(y, y + size, 0.0f);
  for (int64_t k = 0; k < count;) {
    const int rows = k + kRows <= count ? kRows : 1;
    const float* row = values + k * stride;
    int64_t i = rows == kRows ? add_rows_to<kRows>(weights + k, row, stride, size, y)
                              : add_rows_to<1>(weights + k, row, stride, size, y);
    for (; i < size; ++i)
      for (int r = 0; r < rows; ++r) y[i] += weights[k + r] * row[r * stride + i];
    k += rows;
  }
}

void add_weighted_rows(const float* weights, const float* values, int64_t stride, int64_t count, int64_t size,
                       float* y) {
  if (size > 16 * lanes()) return add_long_rows(weights, values, stride, count, size, y);
  int64_t at = 0;
  for (; at + 4 * lanes() <= size; at += 4 * lanes())
    add_weighted_vectors<4>(weights, values + at, stride, count, y + at);
  for (; at + lanes() <= size; at += lanes()) add_weighted_vectors<1>(weights, values + at, stride, count, y + at);
  for (; at < size; ++at) {
    float sum = 0;
    for (int64_t k = 0; k < count; ++k) sum += weights[k] * values[k * stride + at];
    y[at] = sum;
  }
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu_blas::simd {

TENON_SIMD_EXPORT(transpose_scaled);
TENON_SIMD_EXPORT(weigh_scores);
TENON_SIMD_EXPORT(dot_rows);
TENON_SIMD_EXPORT(add_weighted_rows);

void transpose_scaled(const float* from, int64_t from_stride, int64_t rows, int64_t columns, float factor, float* to,
                      int64_t to_stride) {
  TENON_SIMD(transpose_scaled)(from, from_stride, rows, columns, factor, to, to_stride);
}

void weigh_scores(const ScoreBlock& block) {
  TENON_SIMD(weigh_scores)(block);
}

void dot_rows(const float* q, const float* keys, int64_t stride, int64_t count, int64_t size, float* scores) {
  TENON_SIMD(dot_rows)(q, keys, stride, count, size, scores);
}

void add_weighted_rows(const float* weights, const float* values, int64_t stride, int64_t count, int64_t size,
                       float* y) {
  TENON_SIMD(add_weighted_rows)(weights, values, stride, count, size, y);
}

}  // namespace tenon::cpu_blas::simd
#endif
