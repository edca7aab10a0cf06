// Sums of what taps bring to pixels; see tap_sums.h.
#include "simd/tap_sums.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/tap_sums.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/cover-inl.h"
#include "simd/dispatch.h"
#include "simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

void sum_taps(const TapSums& s) {
  for (int64_t p = 0; p < s.pixels; ++p) {
    const int64_t at = p * s.from_step;
    float* y = s.y + p * s.y_step;
    cover(s.channels, [&](auto d, int64_t c) HWY_ATTR {
      auto sum = s.sources > 0 ? hn::LoadU(d, s.from[0] + at + c) : hn::Zero(d);
      for (int64_t i = 1; i < s.sources; ++i) sum = hn::Add(sum, hn::LoadU(d, s.from[i] + at + c));
      const auto shift = s.shift != nullptr ? hn::LoadU(d, s.shift + c) : hn::Zero(d);
      sum = s.scale != nullptr ? hn::MulAdd(sum, hn::LoadU(d, s.scale + c), shift) : hn::Add(sum, shift);
      hn::StoreU(clamp(sum, hn::Set(d, s.low), hn::Set(d, s.high)), d, y + c);
    });
  }
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu_blas::simd {

TENON_SIMD_EXPORT(sum_taps);

void sum_taps(const TapSums& sums) {
  TENON_SIMD(sum_taps)(sums);
}

}  // namespace tenon::cpu_blas::simd
#endif
