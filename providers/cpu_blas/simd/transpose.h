// The transpose of a matrix of elements of four bytes. Compiled for several instruction sets and chosen at run time.
// Thread-safe.
#pragma once

#include <cstdint>

namespace tenon::cpu_blas::simd {

/// to[i * to_stride + j] = from[j * from_stride + i], i < rows, j < columns; strides in elements. The matrices do not
/// overlap. Fast for any sizes, those of pixels with up to four channels among them.
void transpose(const uint32_t* from, int64_t from_stride, int64_t rows, int64_t columns, uint32_t* to,
               int64_t to_stride);

}  // namespace tenon::cpu_blas::simd
