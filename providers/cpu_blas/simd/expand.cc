// Narrow elements and floats; see expand.h. Halves are made by integer arithmetic: instructions that convert them
// differ from CPU to CPU in what becomes of NaN.
#include "simd/expand.h"

#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/expand.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using DI = hn::RebindToSigned<D>;
using VI = hn::Vec<DI>;
using DD = hn::ScalableTag<double>;
using VD = hn::Vec<DD>;
using DHalves = hn::Rebind<uint16_t, DI>;
constexpr size_t kMostLanes = HWY_MAX_BYTES / sizeof(float);

/// Calls `f(x + i, y + i)` for whole vectors of [0, n), and for the rest in buffers of a vector's length.
template <class X, class Y, class F>
HWY_INLINE void map(const X* x, Y* y, int64_t n, F&& f) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(D()));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) f(x + i, y + i);
  if (i == n) return;
  X rest[kMostLanes] = {};
  Y made[kMostLanes];
  for (int64_t j = i; j < n; ++j) rest[j - i] = x[j];
  f(rest, made);
  for (int64_t j = i; j < n; ++j) y[j] = made[j - i];
}

template <class T>
HWY_INLINE VI load_whole(const T* x) {
  if constexpr (std::is_same_v<T, int32_t>) {
    return hn::LoadU(DI(), x);
  } else {
    return hn::PromoteTo(DI(), hn::LoadU(hn::Rebind<T, DI>(), x));
  }
}

template <class T>
void widen(const void* x, float* y, int64_t n) {
  map(static_cast<const T*>(x), y, n,
      [](const T* from, float* to) HWY_ATTR { hn::StoreU(hn::ConvertTo(D(), load_whole(from)), D(), to); });
}

/// The floats of a type whose differences are exact as floats.
template <class T>
void dequantize_exact(const T* x, const float* scale, const int32_t* zero, int64_t step, float* y, int64_t n) {
  const D d;
  const DI di;
  if (step == 0) {
    const VI zeros = hn::Set(di, zero != nullptr ? *zero : 0);
    const auto scales = hn::Set(d, *scale);
    return map(x, y, n, [=](const T* from, float* to) HWY_ATTR {
      hn::StoreU(hn::Mul(hn::ConvertTo(d, hn::Sub(load_whole(from), zeros)), scales), d, to);
    });
  }
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    VI whole = load_whole(x + i);
    if (zero != nullptr) whole = hn::Sub(whole, hn::LoadU(di, zero + i));
    hn::StoreU(hn::Mul(hn::ConvertTo(d, whole), hn::LoadU(d, scale + i)), d, y + i);
  }
  for (; i < n; ++i) y[i] = static_cast<float>(x[i] - (zero != nullptr ? zero[i] : 0)) * scale[i];
}

/// Of int32, in double, of which a product with a float keeps all but the last bits.
void dequantize_wide(const int32_t* x, const float* scale, const int32_t* zero, int64_t step, float* y, int64_t n) {
  const DD d;
  const hn::Rebind<int32_t, DD> d_whole;
  const hn::Rebind<float, DD> d_float;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const VD one_scale = hn::Set(d, static_cast<double>(*scale));
  const VD one_zero = hn::Set(d, zero != nullptr ? static_cast<double>(*zero) : 0.0);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    VD scales = one_scale, zeros = one_zero;
    if (step != 0) {
      scales = hn::PromoteTo(d, hn::LoadU(d_float, scale + i));
      if (zero != nullptr) zeros = hn::PromoteTo(d, hn::LoadU(d_whole, zero + i));
    }
    const VD value = hn::Mul(hn::Sub(hn::PromoteTo(d, hn::LoadU(d_whole, x + i)), zeros), scales);
    hn::StoreU(hn::DemoteTo(d_float, value), d_float, y + i);
  }
  for (; i < n; ++i) {
    const double from = zero != nullptr ? static_cast<double>(zero[i * step]) : 0.0;
    y[i] = static_cast<float>((static_cast<double>(x[i]) - from) * static_cast<double>(scale[i * step]));
  }
}

void integers_to_floats(Integer type, const void* x, float* y, int64_t n) {
  switch (type) {
    case Integer::kInt8: return widen<int8_t>(x, y, n);
    case Integer::kUint8: return widen<uint8_t>(x, y, n);
    case Integer::kInt16: return widen<int16_t>(x, y, n);
    case Integer::kUint16: return widen<uint16_t>(x, y, n);
    case Integer::kInt32: return widen<int32_t>(x, y, n);
  }
}

void dequantize(Integer type, const void* x, const float* scale, const int32_t* zero, int64_t step, float* y,
                int64_t n) {
  if (n == 0) return;
  switch (type) {
    case Integer::kInt8: return dequantize_exact(static_cast<const int8_t*>(x), scale, zero, step, y, n);
    case Integer::kUint8: return dequantize_exact(static_cast<const uint8_t*>(x), scale, zero, step, y, n);
    case Integer::kInt16: return dequantize_exact(static_cast<const int16_t*>(x), scale, zero, step, y, n);
    case Integer::kUint16: return dequantize_exact(static_cast<const uint16_t*>(x), scale, zero, step, y, n);
    case Integer::kInt32: return dequantize_wide(static_cast<const int32_t*>(x), scale, zero, step, y, n);
  }
}

int8_t half_of(uint8_t byte, bool is_high, bool is_signed) {
  const int code = is_high ? byte >> 4 : byte & 15;
  return static_cast<int8_t>(is_signed && code > 7 ? code - 16 : code);
}

void unpack_4bit(const uint8_t* x, int64_t first, bool is_signed, int8_t* y, int64_t n) {
  x += first / 2;
  if (first % 2 != 0 && n > 0) {
    *y++ = half_of(*x++, true, is_signed);
    --n;
  }
  int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<uint8_t> d;
  const hn::RebindToSigned<decltype(d)> d_signed;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto low_bits = hn::Set(d, uint8_t{15});
  // Flips the sign bit of a code and takes its weight away: 8..15 become -8..-1.
  const auto flip = hn::Set(d, static_cast<uint8_t>(is_signed ? 8 : 0));
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    const auto bytes = hn::LoadU(d, x + i / 2);
    // There is no shift of bytes: the bits that come from the neighbour are masked off.
    const hn::RepartitionToWide<decltype(d)> d_wide;
    const auto high = hn::And(hn::BitCast(d, hn::ShiftRight<4>(hn::BitCast(d_wide, bytes))), low_bits);
    const auto even = hn::Sub(hn::Xor(hn::And(bytes, low_bits), flip), flip);
    const auto odd = hn::Sub(hn::Xor(high, flip), flip);
    hn::StoreInterleaved2(hn::BitCast(d_signed, even), hn::BitCast(d_signed, odd), d_signed, y + i);
  }
#endif
  for (; i < n; ++i) y[i] = half_of(x[i / 2], i % 2 != 0, is_signed);
}

HWY_INLINE VI load_halves(const uint16_t* x) {
  return hn::PromoteTo(DI(), hn::LoadU(DHalves(), x));
}

/// Bits of floats; of those above infinity, which are NaN, the quiet bit is set.
HWY_INLINE void store_quiet(VI bits, float* y) {
  const DI di;
  const auto is_nan = hn::Gt(hn::And(bits, hn::Set(di, 0x7fffffff)), hn::Set(di, 0x7f800000));
  hn::StoreU(hn::Or(bits, hn::IfThenElseZero(is_nan, hn::Set(di, 0x400000))), di, reinterpret_cast<int32_t*>(y));
}

void float16_to_floats(const uint16_t* x, float* y, int64_t n) {
  map(x, y, n, [](const uint16_t* from, float* to) HWY_ATTR {
    const DI di;
    const VI half = load_halves(from);
    const VI sign = hn::ShiftLeft<16>(hn::And(half, hn::Set(di, 0x8000)));
    const VI magnitude = hn::And(half, hn::Set(di, 0x7fff));
    const VI rebias = hn::Set(di, 112 << 23);
    VI bits = hn::Add(hn::ShiftLeft<13>(magnitude), rebias);
    bits = hn::IfThenElse(hn::Gt(magnitude, hn::Set(di, 0x7bff)), hn::Add(bits, rebias), bits);
    // Below the normal ones, multiples of 2^-24.
    const VI tiny = hn::BitCast(di, hn::Mul(hn::ConvertTo(D(), magnitude), hn::Set(D(), 5.9604644775390625e-8f)));
    bits = hn::IfThenElse(hn::Lt(magnitude, hn::Set(di, 0x400)), tiny, bits);
    store_quiet(hn::Or(bits, sign), to);
  });
}

void bfloat16_to_floats(const uint16_t* x, float* y, int64_t n) {
  map(x, y, n, [](const uint16_t* from, float* to) HWY_ATTR { store_quiet(hn::ShiftLeft<16>(load_halves(from)), to); });
}

HWY_INLINE VI load_bits(const float* x) {
  return hn::LoadU(DI(), reinterpret_cast<const int32_t*>(x));
}

/// The low 16 bits of each lane, of which the others are 0.
HWY_INLINE void store_halves(VI halves, uint16_t* y) {
  hn::StoreU(hn::DemoteTo(DHalves(), halves), DHalves(), y);
}

HWY_INLINE VI half_sign(VI bits) {
  return hn::And(hn::BitCast(DI(), hn::ShiftRight<16>(hn::BitCast(hn::RebindToUnsigned<DI>(), bits))),
                 hn::Set(DI(), 0x8000));
}

void floats_to_float16(const float* x, uint16_t* y, int64_t n) {
  map(x, y, n, [](const float* from, uint16_t* to) HWY_ATTR {
    const DI di;
    const VI bits = load_bits(from);
    const VI magnitude = hn::And(bits, hn::Set(di, 0x7fffffff));
    const VI odd = hn::And(hn::ShiftRight<13>(magnitude), hn::Set(di, 1));
    const VI rounded = hn::Sub(hn::Add(hn::Add(magnitude, hn::Set(di, 0xfff)), odd), hn::Set(di, 0x38000000));
    VI half = hn::ShiftRight<13>(rounded);
    // Adding 0.5 puts the rounded multiple of 2^-24 into the low mantissa bits.
    const VI tiny = hn::BitCast(di, hn::Add(hn::BitCast(D(), magnitude), hn::Set(D(), 0.5f)));
    half = hn::IfThenElse(hn::Lt(magnitude, hn::Set(di, 0x38800000)), hn::Sub(tiny, hn::Set(di, 0x3f000000)), half);
    half = hn::IfThenElse(hn::Gt(magnitude, hn::Set(di, 0x477fefff)), hn::Set(di, 0x7c00), half);
    half = hn::IfThenElse(hn::Gt(magnitude, hn::Set(di, 0x7f800000)), hn::Set(di, 0x7e00), half);
    store_halves(hn::Or(half, half_sign(bits)), to);
  });
}

void floats_to_bfloat16(const float* x, uint16_t* y, int64_t n) {
  map(x, y, n, [](const float* from, uint16_t* to) HWY_ATTR {
    const DI di;
    const VI bits = load_bits(from);
    const VI magnitude = hn::And(bits, hn::Set(di, 0x7fffffff));
    const VI odd = hn::And(hn::ShiftRight<16>(magnitude), hn::Set(di, 1));
    VI half = hn::ShiftRight<16>(hn::Add(hn::Add(magnitude, hn::Set(di, 0x7fff)), odd));
    half = hn::IfThenElse(hn::Gt(magnitude, hn::Set(di, 0x7f800000)), hn::Set(di, 0x7fc0), half);
    store_halves(hn::Or(half, half_sign(bits)), to);
  });
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu_blas::simd {

TENON_SIMD_EXPORT(integers_to_floats);
TENON_SIMD_EXPORT(dequantize);
TENON_SIMD_EXPORT(unpack_4bit);
TENON_SIMD_EXPORT(float16_to_floats);
TENON_SIMD_EXPORT(bfloat16_to_floats);
TENON_SIMD_EXPORT(floats_to_float16);
TENON_SIMD_EXPORT(floats_to_bfloat16);

void integers_to_floats(Integer type, const void* x, float* y, int64_t n) {
  TENON_SIMD(integers_to_floats)(type, x, y, n);
}

void dequantize(Integer type, const void* x, const float* scale, const int32_t* zero, int64_t step, float* y,
                int64_t n) {
  TENON_SIMD(dequantize)(type, x, scale, zero, step, y, n);
}

void unpack_4bit(const uint8_t* x, int64_t first, bool is_signed, int8_t* y, int64_t n) {
  TENON_SIMD(unpack_4bit)(x, first, is_signed, y, n);
}

void float16_to_floats(const uint16_t* x, float* y, int64_t n) {
  TENON_SIMD(float16_to_floats)(x, y, n);
}

void bfloat16_to_floats(const uint16_t* x, float* y, int64_t n) {
  TENON_SIMD(bfloat16_to_floats)(x, y, n);
}

void floats_to_float16(const float* x, uint16_t* y, int64_t n) {
  TENON_SIMD(floats_to_float16)(x, y, n);
}

void floats_to_bfloat16(const float* x, uint16_t* y, int64_t n) {
  TENON_SIMD(floats_to_bfloat16)(x, y, n);
}

}  // namespace tenon::cpu_blas::simd
#endif
