// The vectors that panels are made of. Included once per instruction set; no include guard of the usual kind.
#if defined(TENON_CPU_BLAS_PANEL_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef TENON_CPU_BLAS_PANEL_INL_H
#undef TENON_CPU_BLAS_PANEL_INL_H
#else
#define TENON_CPU_BLAS_PANEL_INL_H
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, 64>;
using V = hn::Vec<D>;

// Vectors of a panel's row: with six rows of A, 24 accumulators where there are 32 registers, else 12.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SCALAR || \
    HWY_TARGET == HWY_EMU128
constexpr int kVectors = 2;
#else
constexpr int kVectors = 4;
#endif

HWY_INLINE int64_t lanes() {
  return static_cast<int64_t>(hn::Lanes(D()));
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
