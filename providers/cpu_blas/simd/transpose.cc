// Transposes in squares that registers hold; see transpose.h.
#include "simd/transpose.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/transpose.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// from[j * from_stride + i] to to[i * to_stride + j].
struct Matrix {
  const uint32_t* from;
  int64_t from_stride;
  uint32_t* to;
  int64_t to_stride;

  Matrix at(int64_t row, int64_t column) const {
    return {from + column * from_stride + row, from_stride, to + row * to_stride + column, to_stride};
  }
};

void copy_elements(const Matrix& m, int64_t rows, int64_t columns) {
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) m.to[i * m.to_stride + j] = m.from[j * m.from_stride + i];
}

#if HWY_TARGET != HWY_SCALAR

/// Four vectors, each 128 bits of which are a row of a 4 x 4 square, to the squares' transposes.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void transpose_blocks(D d, V (&v)[4]) {
  const V even0 = hn::InterleaveLower(d, v[0], v[2]), odd0 = hn::InterleaveLower(d, v[1], v[3]);
  const V even1 = hn::InterleaveUpper(d, v[0], v[2]), odd1 = hn::InterleaveUpper(d, v[1], v[3]);
  v[0] = hn::InterleaveLower(d, even0, odd0), v[1] = hn::InterleaveUpper(d, even0, odd0);
  v[2] = hn::InterleaveLower(d, even1, odd1), v[3] = hn::InterleaveUpper(d, even1, odd1);
}

constexpr bool kHasEight = HWY_MAX_BYTES >= 32;
constexpr int64_t kSquare = kHasEight ? 8 : 4;

HWY_INLINE void transpose_square(const Matrix& m) {
#if HWY_MAX_BYTES >= 32
  const hn::CappedTag<uint32_t, 8> d;
  hn::Vec<decltype(d)> low[4], high[4];
  for (int j = 0; j < 4; ++j) {
    low[j] = hn::LoadU(d, m.from + j * m.from_stride);
    high[j] = hn::LoadU(d, m.from + (4 + j) * m.from_stride);
  }
  transpose_blocks(d, low);
  transpose_blocks(d, high);
  for (int i = 0; i < 4; ++i) {
    hn::StoreU(hn::ConcatLowerLower(d, high[i], low[i]), d, m.to + i * m.to_stride);
    hn::StoreU(hn::ConcatUpperUpper(d, high[i], low[i]), d, m.to + (4 + i) * m.to_stride);
  }
#else
  const hn::CappedTag<uint32_t, 4> d;
  hn::Vec<decltype(d)> v[4];
  for (int j = 0; j < 4; ++j) v[j] = hn::LoadU(d, m.from + j * m.from_stride);
  transpose_blocks(d, v);
  for (int i = 0; i < 4; ++i) hn::StoreU(v[i], d, m.to + i * m.to_stride);
#endif
}

using D = hn::CappedTag<uint32_t, 16>;

/// Rows of two, three or four elements, next to each other in `to`; returns how many rows are done.
HWY_INLINE int64_t interleave(const Matrix& m, int64_t rows, int64_t columns) {
  const D d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= rows; i += lanes) {
    const auto column = [&](int64_t j) { return hn::LoadU(d, m.from + j * m.from_stride + i); };
    uint32_t* to = m.to + i * columns;
    if (columns == 2) {
      hn::StoreInterleaved2(column(0), column(1), d, to);
    } else if (columns == 3) {
      hn::StoreInterleaved3(column(0), column(1), column(2), d, to);
    } else {
      hn::StoreInterleaved4(column(0), column(1), column(2), column(3), d, to);
    }
  }
  return i;
}

/// The way back: columns that lie in rows of two, three or four; returns how many columns are done.
HWY_INLINE int64_t separate(const Matrix& m, int64_t rows, int64_t columns) {
  const D d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  hn::Vec<D> v[4];
  int64_t j = 0;
  for (; j + lanes <= columns; j += lanes) {
    const uint32_t* from = m.from + j * rows;
    if (rows == 2) {
      hn::LoadInterleaved2(d, from, v[0], v[1]);
    } else if (rows == 3) {
      hn::LoadInterleaved3(d, from, v[0], v[1], v[2]);
    } else {
      hn::LoadInterleaved4(d, from, v[0], v[1], v[2], v[3]);
    }
    for (int64_t i = 0; i < rows; ++i) hn::StoreU(v[i], d, m.to + i * m.to_stride + j);
  }
  return j;
}

#endif

void transpose(const uint32_t* from, int64_t from_stride, int64_t rows, int64_t columns, uint32_t* to,
               int64_t to_stride) {
  const Matrix m{from, from_stride, to, to_stride};
#if HWY_TARGET == HWY_SCALAR
  copy_elements(m, rows, columns);
#else
  if (columns >= 2 && columns <= 4 && to_stride == columns) {
    const int64_t done = interleave(m, rows, columns);
    return copy_elements(m.at(done, 0), rows - done, columns);
  }
  if (rows >= 2 && rows <= 4 && from_stride == rows) {
    const int64_t done = separate(m, rows, columns);
    return copy_elements(m.at(0, done), rows, columns - done);
  }
  // Lines of the cache are used whole before they leave it, on both sides: strips of two lines' width are read.
  constexpr int64_t kStrip = 32;
  const int64_t whole_rows = rows / kSquare * kSquare, whole_columns = columns / kSquare * kSquare;
  for (int64_t strip = 0; strip < whole_rows; strip += kStrip) {
    const int64_t end = std::min(strip + kStrip, whole_rows);
    for (int64_t j = 0; j < whole_columns; j += kSquare)
      for (int64_t i = strip; i < end; i += kSquare) transpose_square(m.at(i, j));
  }
  copy_elements(m.at(0, whole_columns), whole_rows, columns - whole_columns);
  copy_elements(m.at(whole_rows, 0), rows - whole_rows, columns);
#endif
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu_blas::simd {

TENON_SIMD_EXPORT(transpose);

void transpose(const uint32_t* from, int64_t from_stride, int64_t rows, int64_t columns, uint32_t* to,
               int64_t to_stride) {
  TENON_SIMD(transpose)(from, from_stride, rows, columns, to, to_stride);
}

}  // namespace tenon::cpu_blas::simd
#endif
