// Expanding narrow elements to floats and rounding floats to 16 bits, compiled for several instruction sets and chosen
// at run time. Every result is the exact value rounded once, to nearest even; a NaN becomes a quiet one. Arrays need no
// alignment and must not overlap. Thread-safe.
#pragma once

#include <cstdint>

namespace tenon::cpu_blas::simd {

enum class Integer { kInt8, kUint8, kInt16, kUint16, kInt32 };

/// y[i] = x[i].
void integers_to_floats(Integer type, const void* x, float* y, int64_t n);

/// y[i] = (x[i] - zero[i * step]) * scale[i * step]; step is 0 or 1, zero may be null. The difference is exact for
/// zeros of the type of x.
void dequantize(Integer type, const void* x, const float* scale, const int32_t* zero, int64_t step, float* y,
                int64_t n);

/// Elements [first, first + n) of a tensor of 4-bit integers, the low half of a byte first, each as a byte.
void unpack_4bit(const uint8_t* x, int64_t first, bool is_signed, int8_t* y, int64_t n);

/// float16 and bfloat16 by their bits. A NaN keeps its sign and payload as a float; as 16 bits it keeps its sign alone.
void float16_to_floats(const uint16_t* x, float* y, int64_t n);
void bfloat16_to_floats(const uint16_t* x, float* y, int64_t n);
void floats_to_float16(const float* x, uint16_t* y, int64_t n);
void floats_to_bfloat16(const float* x, uint16_t* y, int64_t n);

}  // namespace tenon::cpu_blas::simd
