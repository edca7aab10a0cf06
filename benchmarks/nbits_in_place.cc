// Products with 4-bit weights in place; see nbits_in_place.h. Of 16 bytes of codes the low halves belong to the even
// rows of K and the high ones to the odd: A is brought into that order first.
#include "benchmarks/nbits_in_place.h"

#include <algorithm>
#include <bit>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "benchmarks/nbits_in_place.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/dispatch.h"
#include "simd/panel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

using DI = hn::RebindToSigned<D>;
using VI = hn::Vec<DI>;

constexpr int kColumns = 4;
constexpr int64_t kGroup = 32;  // codes of one load of 16 bytes

HWY_INLINE V codes_to_floats(VI codes) {
#if HWY_TARGET == HWY_AVX3
  return hn::TableLookupLanes(hn::Iota(D(), 0.0f), hn::Indices512<float>{codes.raw});
#else
  return hn::ConvertTo(D(), hn::And(codes, hn::Set(DI(), 15)));
#endif
}

/// C columns from `n` on of R rows.
template <int R, int C>
HWY_INLINE void dot_columns(const NBitsFormat& f, const NBitsSources& w, const float* halves, int64_t n, float* y) {
  const D d;
  const hn::Rebind<uint8_t, DI> bytes;
  const V middle = hn::Set(d, 8.0f);
  const int shift = std::countr_zero(static_cast<uint64_t>(f.block));
  const uint8_t* first_codes = w.codes + n * f.k / 2;
  const float* first_scales = w.scales + n * (f.k >> shift);
  V sums[R][C];
  for (int r = 0; r < R; ++r)
    for (int c = 0; c < C; ++c) sums[r][c] = hn::Zero(d);
  for (int64_t k = 0; k < f.k; k += kGroup)
    for (int64_t lane = 0; lane < kGroup / 2; lane += lanes())
      for (int c = 0; c < C; ++c) {
        const uint8_t* codes = first_codes + (c * f.k + k) / 2 + lane;
        hwy::Prefetch(codes + 1024);
        const VI both = hn::PromoteTo(DI(), hn::LoadU(bytes, codes));
        const V scale = hn::Set(d, first_scales[(c * f.k + k) >> shift]);
        const V even = hn::Mul(hn::Sub(codes_to_floats(both), middle), scale);
        const V odd = hn::Mul(hn::Sub(codes_to_floats(hn::ShiftRight<4>(both)), middle), scale);
        for (int r = 0; r < R; ++r) {
          const float* a = halves + r * f.k + k + lane;
          sums[r][c] = hn::MulAdd(hn::LoadU(d, a), even, sums[r][c]);
          sums[r][c] = hn::MulAdd(hn::LoadU(d, a + kGroup / 2), odd, sums[r][c]);
        }
      }
  for (int r = 0; r < R; ++r)
    for (int c = 0; c < C; ++c) y[r * f.n + n + c] = hn::GetLane(hn::SumOfLanes(d, sums[r][c]));
}

template <int R>
HWY_NOINLINE void dot_rows(const NBitsFormat& f, const NBitsSources& w, const float* halves, int64_t begin, int64_t end,
                           float* y) {
  int64_t n = begin;
  for (; n + kColumns <= end; n += kColumns) dot_columns<R, kColumns>(f, w, halves, n, y);
  for (; n < end; ++n) dot_columns<R, 1>(f, w, halves, n, y);
}

void dot_in_place(const NBitsFormat& f, const NBitsSources& w, const float* halves, int64_t m, int64_t begin,
                  int64_t end, float* y) {
  int64_t row = 0;
  for (; row + 4 <= m; row += 4) dot_rows<4>(f, w, halves + row * f.k, begin, end, y + row * f.n);
  for (; row + 2 <= m; row += 2) dot_rows<2>(f, w, halves + row * f.k, begin, end, y + row * f.n);
  for (; row < m; ++row) dot_rows<1>(f, w, halves + row * f.k, begin, end, y + row * f.n);
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu_blas::simd {

TENON_SIMD_EXPORT(dot_in_place);

}  // namespace tenon::cpu_blas::simd

namespace tenon::bench {

void multiply_in_place(sdk::RunContext& run, const cpu_blas::NBitsFormat& f, const cpu_blas::NBitsSources& weight,
                       const float* a, int64_t m, float* halves, float* y) {
  using namespace cpu_blas::simd;
  for (int64_t i = 0; i < m * f.k; i += 32)
    for (int64_t j = 0; j < 32; ++j) halves[i + j % 2 * 16 + j / 2] = a[i + j];
  constexpr int64_t kTask = 64;
  const double cost = static_cast<double>((m + 4) * f.k * kTask) / 40.0;
  run.parallel_for((f.n + kTask - 1) / kTask, cost, [&](int64_t begin, int64_t end) {
    TENON_SIMD(dot_in_place)(f, weight, halves, m, begin * kTask, std::min(end * kTask, f.n), y);
  });
}

}  // namespace tenon::bench
#endif
