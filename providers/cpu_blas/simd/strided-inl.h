// Loads of every other float, as windows of stride 2 read them. Included once per instruction set; no include guard of
// the usual kind. Pure.
#if defined(TENON_CPU_BLAS_STRIDED_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef TENON_CPU_BLAS_STRIDED_INL_H
#undef TENON_CPU_BLAS_STRIDED_INL_H
#else
#define TENON_CPU_BLAS_STRIDED_INL_H
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// x[0], x[2], ...: reads 2 * Lanes(d) floats, the last of which it does not use.
template <class Tag>
HWY_INLINE hn::Vec<Tag> load_even(Tag d, const float* x) {
#if HWY_TARGET == HWY_SCALAR
  return hn::LoadU(d, x);
#else
  if constexpr (hn::MaxLanes(d) == 1) {
    return hn::LoadU(d, x);
  } else {
    return hn::ConcatEven(d, hn::LoadU(d, x + hn::Lanes(d)), hn::LoadU(d, x));
  }
#endif
}

/// The same where nothing may be read behind the last float that is used.
template <class Tag>
HWY_INLINE hn::Vec<Tag> load_last_even(Tag d, const float* x) {
#if HWY_TARGET == HWY_SCALAR
  return hn::LoadU(d, x);
#else
  const auto low = hn::LoadU(d, x), high = hn::LoadU(d, x + hn::Lanes(d) - 1);
  return hn::ConcatLowerLower(d, hn::ConcatOdd(d, high, high), hn::ConcatEven(d, low, low));
#endif
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
