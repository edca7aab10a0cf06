// The rows of normalizations; see normalize.h.
#include "simd/normalize.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/normalize.cc"
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

/// The sum of f(x) over a block that fits the L1 cache, f being given for vectors and for numbers.
template <class Vector, class Scalar>
HWY_INLINE float sum_of(const float* x, int64_t n, Vector&& vector, Scalar&& scalar) {
  const D d;
  V a = hn::Zero(d), b = hn::Zero(d), c = hn::Zero(d), e = hn::Zero(d);
  int64_t i = 0;
  for (; i + 4 * lanes() <= n; i += 4 * lanes()) {
    a = vector(hn::LoadU(d, x + i), a);
    b = vector(hn::LoadU(d, x + i + lanes()), b);
    c = vector(hn::LoadU(d, x + i + 2 * lanes()), c);
    e = vector(hn::LoadU(d, x + i + 3 * lanes()), e);
  }
  for (; i + lanes() <= n; i += lanes()) a = vector(hn::LoadU(d, x + i), a);
  float total = hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(a, b), hn::Add(c, e))));
  for (; i < n; ++i) total += scalar(x[i]);
  return total;
}

void add_moments(const float* x, int64_t n, Moments* m) {
  constexpr int64_t kBlock = 4096;
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    const int64_t size = std::min(kBlock, n - begin);
    const float* block = x + begin;
    const float sum = sum_of(
        block, size, [](V v, V a) HWY_ATTR { return hn::Add(a, v); }, [](float v) HWY_ATTR { return v; });
    const double mean = static_cast<double>(sum) / static_cast<double>(size);
    const auto center = static_cast<float>(mean);
    const V centers = hn::Set(D(), center);
    const auto squares = static_cast<double>(sum_of(
        block, size,
        [centers](V v, V a) HWY_ATTR {
          const V distance = hn::Sub(v, centers);
          return hn::MulAdd(distance, distance, a);
        },
        [center](float v) HWY_ATTR { return (v - center) * (v - center); }));
    if (m->count == 0) {
      *m = {static_cast<double>(size), mean, squares};
      continue;
    }
    const double distance = mean - m->mean, count = m->count + static_cast<double>(size);
    m->squares += squares + distance * distance * m->count * static_cast<double>(size) / count;
    m->mean += distance * static_cast<double>(size) / count;
    m->count = count;
  }
}

void move_and_scale(const float* x, float mean, float factor, float shift, float* y, int64_t n) {
  const D d;
  const V means = hn::Set(d, mean), factors = hn::Set(d, factor), shifts = hn::Set(d, shift);
  int64_t i = 0;
  for (; i + lanes() <= n; i += lanes())
    hn::StoreU(hn::MulAdd(hn::Sub(hn::LoadU(d, x + i), means), factors, shifts), d, y + i);
  for (; i < n; ++i) y[i] = (x[i] - mean) * factor + shift;
}

void scale_row(const float* x, float factor, const float* scale, float* y, int64_t n) {
  const D d;
  const V factors = hn::Set(d, factor);
  int64_t i = 0;
  for (; i + lanes() <= n; i += lanes())
    hn::StoreU(hn::Mul(hn::Mul(hn::LoadU(d, x + i), factors), hn::LoadU(d, scale + i)), d, y + i);
  for (; i < n; ++i) y[i] = x[i] * factor * scale[i];
}

void add_rows(const float* x, const float* skip, const float* bias, float* y, int64_t n) {
  const D d;
  int64_t i = 0;
  for (; i + lanes() <= n; i += lanes()) {
    const V sum = hn::Add(hn::LoadU(d, x + i), hn::LoadU(d, skip + i));
    hn::StoreU(bias == nullptr ? sum : hn::Add(sum, hn::LoadU(d, bias + i)), d, y + i);
  }
  for (; i < n; ++i) y[i] = x[i] + skip[i] + (bias == nullptr ? 0.0f : bias[i]);
}

/// One vector of columns, or with fewer than it has lanes, as many.
template <class Load, class Store>
HWY_INLINE void softmax_vector(int64_t length, Load&& load, Store&& store) {
  constexpr int64_t kRows = 512;  // of the sum that are taken by themselves
  const D d;
  V top = load(0, false);
  for (int64_t r = 1; r < length; ++r) top = hn::Max(top, load(r, false));
  V total = hn::Zero(d);
  for (int64_t begin = 0; begin < length; begin += kRows) {
    V sum = hn::Zero(d);
    for (int64_t r = begin; r < length && r < begin + kRows; ++r) {
      const V e = exp(d, hn::Sub(load(r, false), top));
      store(r, e);
      sum = hn::Add(sum, e);
    }
    total = hn::Add(total, sum);
  }
  const V scale = hn::Div(hn::Set(d, 1.0f), total);
  for (int64_t r = 0; r < length; ++r) store(r, hn::Mul(load(r, true), scale));
}

void softmax_columns(const float* x, float* y, int64_t length, int64_t step, int64_t columns) {
  const D d;
  int64_t c = 0;
  for (; c + lanes() <= columns; c += lanes())
    softmax_vector(
        length, [&](int64_t r, bool again) HWY_ATTR { return hn::LoadU(d, (again ? y : x) + r * step + c); },
        [&](int64_t r, V v) HWY_ATTR { hn::StoreU(v, d, y + r * step + c); });
  if (c == columns) return;
  const auto left = static_cast<size_t>(columns - c) * sizeof(float);
  softmax_vector(
      length,
      [&](int64_t r, bool again) HWY_ATTR {
        HWY_ALIGN float part[hn::MaxLanes(D())] = {};
        std::memcpy(part, (again ? y : x) + r * step + c, left);
        return hn::Load(d, part);
      },
      [&](int64_t r, V v) HWY_ATTR {
        HWY_ALIGN float part[hn::MaxLanes(D())];
        hn::Store(v, d, part);
        std::memcpy(y + r * step + c, part, left);
      });
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu_blas::simd {

TENON_SIMD_EXPORT(add_moments);
TENON_SIMD_EXPORT(move_and_scale);
TENON_SIMD_EXPORT(scale_row);
TENON_SIMD_EXPORT(add_rows);
TENON_SIMD_EXPORT(softmax_columns);

void add_moments(const float* x, int64_t n, Moments* m) {
  TENON_SIMD(add_moments)(x, n, m);
}

void move_and_scale(const float* x, float mean, float factor, float shift, float* y, int64_t n) {
  TENON_SIMD(move_and_scale)(x, mean, factor, shift, y, n);
}

void scale_row(const float* x, float factor, const float* scale, float* y, int64_t n) {
  TENON_SIMD(scale_row)(x, factor, scale, y, n);
}

void add_rows(const float* x, const float* skip, const float* bias, float* y, int64_t n) {
  TENON_SIMD(add_rows)(x, skip, bias, y, n);
}

void softmax_columns(const float* x, float* y, int64_t length, int64_t step, int64_t columns) {
  TENON_SIMD(softmax_columns)(x, y, length, step, columns);
}

}  // namespace tenon::cpu_blas::simd
#endif
