// Vectors over ranges of any length, and what pools fold with. Included once per instruction set; no include guard of
// the usual kind.
#if defined(TENON_CPU_BLAS_COVER_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef TENON_CPU_BLAS_COVER_INL_H
#undef TENON_CPU_BLAS_COVER_INL_H
#else
#define TENON_CPU_BLAS_COVER_INL_H
#endif

#include <hwy/highway.h>

#include <limits>

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// body(d, i) for the places i of vectors `d` that cover [0, n); the last may cover some of the one before again.
template <class Tag, class Body>
HWY_INLINE void cover_with(Tag d, int64_t n, Body&& body) {
  const auto step = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t i = 0; i + step < n; i += step) body(d, i);
  body(d, n - step);
}

/// The same with the longest vectors that n elements fill, n at least 1.
template <class Body>
HWY_INLINE void cover(int64_t n, Body&& body) {
  if (n >= static_cast<int64_t>(hn::Lanes(hn::ScalableTag<float>()))) {
    cover_with(hn::ScalableTag<float>(), n, body);
  } else if (n >= 8) {
    cover_with(hn::CappedTag<float, 8>(), n, body);
  } else if (n >= 4) {
    cover_with(hn::CappedTag<float, 4>(), n, body);
  } else if (n >= 2) {
    cover_with(hn::CappedTag<float, 2>(), n, body);
  } else {
    cover_with(hn::CappedTag<float, 1>(), n, body);
  }
}

/// The greater of two, NaN where one is.
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

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
