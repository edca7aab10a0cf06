// Functions over whole rows; see rows.h.
#include "simd/rows.h"

#include <cmath>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/rows.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/dispatch.h"
#include "simd/math-inl.h"
#include "simd/strided-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

HWY_INLINE int64_t lanes() {
  return static_cast<int64_t>(hn::Lanes(D()));
}

/// Floats that are summed as such: sums of more are sums of such blocks in double, or a long row of equal values would
/// come out short by percents.
constexpr int64_t kBlock = 4096;

/// The sum of block(begin, end) over the blocks of [0, n); all but the last are whole vectors.
template <class F>
HWY_INLINE float sum_blocks(int64_t n, F&& block) {
  if (n <= kBlock) return block(int64_t{0}, n);
  double total = 0;
  for (int64_t begin = 0; begin < n; begin += kBlock) total += block(begin, begin + kBlock < n ? begin + kBlock : n);
  return static_cast<float>(total);
}

HWY_INLINE float sum_block(const float* x, int64_t n) {
  const D d;
  V a = hn::Zero(d), b = hn::Zero(d);
  int64_t i = 0;
  for (; i + 2 * lanes() <= n; i += 2 * lanes()) {
    a = hn::Add(a, hn::LoadU(d, x + i));
    b = hn::Add(b, hn::LoadU(d, x + i + lanes()));
  }
  float total = hn::GetLane(hn::SumOfLanes(d, hn::Add(a, b)));
  for (; i < n; ++i) total += x[i];
  return total;
}

float sum(const float* x, int64_t n) {
  return sum_blocks(n, [&](int64_t begin, int64_t end) HWY_ATTR { return sum_block(x + begin, end - begin); });
}

/// Of a row shorter than a vector.
HWY_INLINE void softmax_short_row(const float* x, float* y, int64_t n) {
  const D d;
  const auto bytes = static_cast<size_t>(n) * sizeof(float);
  HWY_ALIGN float row[hn::MaxLanes(D())];
  hn::Store(hn::Set(d, -HUGE_VALF), d, row);
  std::memcpy(row, x, bytes);
  const V values = hn::Load(d, row);
  V e = exp(d, hn::Sub(values, hn::MaxOfLanes(d, values)));
  e = hn::IfThenElseZero(hn::FirstN(d, static_cast<size_t>(n)), e);  // where all are NaN, the others are, too
  hn::Store(hn::Mul(e, hn::Set(d, 1.0f / hn::GetLane(hn::SumOfLanes(d, e)))), d, row);
  std::memcpy(y, row, bytes);
}

/// The largest element of a row of at least one vector, in all lanes.
HWY_INLINE V row_max(const float* x, int64_t n) {
  const D d;
  const V last = hn::LoadU(d, x + n - lanes());
  V a = last, b = last, c = last, e = last;
  int64_t i = 0;
  for (; i + 4 * lanes() <= n; i += 4 * lanes()) {
    a = hn::Max(a, hn::LoadU(d, x + i));
    b = hn::Max(b, hn::LoadU(d, x + i + lanes()));
    c = hn::Max(c, hn::LoadU(d, x + i + 2 * lanes()));
    e = hn::Max(e, hn::LoadU(d, x + i + 3 * lanes()));
  }
  for (; i + lanes() <= n; i += lanes()) a = hn::Max(a, hn::LoadU(d, x + i));
  return hn::MaxOfLanes(d, hn::Max(hn::Max(a, b), hn::Max(c, e)));
}

// What is left behind whole vectors is the end of a last one that overlaps them; as y may be x, it is read before.
void softmax_row(const float* x, float* y, int64_t n) {
  const D d;
  if (n < lanes()) return softmax_short_row(x, y, n);
  const int64_t whole = n - n % lanes();
  const V tops = row_max(x, n);
  V last = exp_of_negative(d, hn::Sub(hn::LoadU(d, x + n - lanes()), tops));
  float total = sum_blocks(whole, [&](int64_t begin, int64_t end) HWY_ATTR {
    V a = hn::Zero(d), b = hn::Zero(d);
    int64_t i = begin;
    for (; i + 2 * lanes() <= end; i += 2 * lanes()) {
      const V first = exp_of_negative(d, hn::Sub(hn::LoadU(d, x + i), tops));
      const V second = exp_of_negative(d, hn::Sub(hn::LoadU(d, x + i + lanes()), tops));
      hn::StoreU(first, d, y + i);
      hn::StoreU(second, d, y + i + lanes());
      a = hn::Add(a, first);
      b = hn::Add(b, second);
    }
    if (i < end) {
      const V e = exp_of_negative(d, hn::Sub(hn::LoadU(d, x + i), tops));
      hn::StoreU(e, d, y + i);
      a = hn::Add(a, e);
    }
    return hn::GetLane(hn::SumOfLanes(d, hn::Add(a, b)));
  });
  const auto counted = static_cast<size_t>(lanes() - (n - whole));
  if (whole < n) total += hn::GetLane(hn::SumOfLanes(d, hn::IfThenZeroElse(hn::FirstN(d, counted), last)));
  const V scale = hn::Set(d, 1.0f / total);
  last = hn::Mul(last, scale);
  for (int64_t i = 0; i < whole; i += lanes()) hn::StoreU(hn::Mul(hn::LoadU(d, y + i), scale), d, y + i);
  hn::StoreU(last, d, y + n - lanes());
}

void layer_norm_row(const float* x, const float* scale, const float* bias, float epsilon, float* y, int64_t n,
                    float* mean, float* inverse_deviation) {
  const D d;
  const int64_t whole = n - n % lanes();
  const float m = sum(x, n) / static_cast<float>(n);
  const V means = hn::Set(d, m);
  const float variance = sum_blocks(n, [&](int64_t begin, int64_t end) HWY_ATTR {
    V squares = hn::Zero(d);
    int64_t i = begin;
    for (; i + lanes() <= end; i += lanes()) {
      const V centred = hn::Sub(hn::LoadU(d, x + i), means);
      squares = hn::MulAdd(centred, centred, squares);
    }
    float total = hn::GetLane(hn::SumOfLanes(d, squares));
    for (; i < end; ++i) total += (x[i] - m) * (x[i] - m);
    return total;
  });
  const float inverse = 1.0f / std::sqrt(variance / static_cast<float>(n) + epsilon);
  const V inverses = hn::Set(d, inverse);
  for (int64_t i = 0; i < whole; i += lanes()) {
    const V normal = hn::Mul(hn::Sub(hn::LoadU(d, x + i), means), inverses);
    const V b = bias != nullptr ? hn::LoadU(d, bias + i) : hn::Zero(d);
    hn::StoreU(hn::MulAdd(normal, hn::LoadU(d, scale + i), b), d, y + i);
  }
  for (int64_t i = whole; i < n; ++i) y[i] = (x[i] - m) * inverse * scale[i] + (bias != nullptr ? bias[i] : 0.0f);
  *mean = m;
  *inverse_deviation = inverse;
}

/// multiply_add_rows() of the elements of a row from i on that fill vectors of `d`; the first that is left.
template <class Tag>
HWY_INLINE int64_t multiply_add_vectors(Tag d, const WindowRows& r, const float* x, float* y, int64_t i, float weight) {
  const auto step = static_cast<int64_t>(hn::Lanes(d));
  const auto weights = hn::Set(d, weight);
  const auto add = [&](int64_t at, hn::Vec<Tag> v)
                       HWY_ATTR { hn::StoreU(hn::MulAdd(v, weights, hn::LoadU(d, y + at)), d, y + at); };
  if (r.stride == 1) {
    for (; i + step <= r.n; i += step) add(i, hn::LoadU(d, x + i));
  } else if (r.stride == 2) {
    for (; i + step < r.n; i += step) add(i, load_even(d, x + 2 * i));
    if (i + step == r.n) add(i, load_last_even(d, x + 2 * i)), i = r.n;
  }
  return i;
}

/// Rows of small images are shorter than a long vector, so a short one goes on.
void multiply_add_rows(const WindowRows& r, float weight) {
  const float* x = r.x;
  float* y = r.y;
  for (int64_t row = 0; row < r.rows; ++row, x += r.x_row, y += r.y_row) {
    int64_t i = multiply_add_vectors(D(), r, x, y, 0, weight);
    i = multiply_add_vectors(hn::CappedTag<float, 4>(), r, x, y, i, weight);
    for (; i < r.n; ++i) y[i] += x[i * r.stride] * weight;
  }
}

void copy_strided(const float* x, int64_t stride, float* y, int64_t n) {
  const D d;
  int64_t i = 0;
  if (stride == 1) {
    std::memcpy(y, x, static_cast<size_t>(n) * sizeof(float));
    return;
  }
  if (stride == 2)
    for (; i + lanes() < n; i += lanes()) hn::StoreU(load_even(d, x + 2 * i), d, y + i);
  for (; i < n; ++i) y[i] = x[i * stride];
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu_blas::simd {

TENON_SIMD_EXPORT(sum);
TENON_SIMD_EXPORT(softmax_row);
TENON_SIMD_EXPORT(layer_norm_row);
TENON_SIMD_EXPORT(multiply_add_rows);
TENON_SIMD_EXPORT(copy_strided);

float sum(const float* x, int64_t n) {
  return TENON_SIMD(sum)(x, n);
}

void softmax_row(const float* x, float* y, int64_t n) {
  TENON_SIMD(softmax_row)(x, y, n);
}

void layer_norm_row(const float* x, const float* scale, const float* bias, float epsilon, float* y, int64_t n,
                    float* mean, float* inverse_deviation) {
  TENON_SIMD(layer_norm_row)(x, scale, bias, epsilon, y, n, mean, inverse_deviation);
}

void multiply_add_rows(const WindowRows& rows, float weight) {
  TENON_SIMD(multiply_add_rows)(rows, weight);
}

void copy_strided(const float* x, int64_t stride, float* y, int64_t n) {
  TENON_SIMD(copy_strided)(x, stride, y, n);
}

}  // namespace tenon::cpu_blas::simd
#endif
