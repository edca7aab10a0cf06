// Tiles; see transpose.h.
#include "simd/transpose.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/transpose.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <typename T>
HWY_INLINE void transpose_plain(const Tile<T>& t, int64_t r0, int64_t r1, int64_t c0, int64_t c1) {
  constexpr int64_t kTile = 16;
  for (; c0 < c1; c0 += kTile)
    for (int64_t r = r0; r < r1; ++r)
      for (int64_t c = c0; c < c1 && c < c0 + kTile; ++c) t.y[r * t.y_row + c] = t.x[r + c * t.x_column];
}

#if HWY_TARGET != HWY_SCALAR

using Quad = hn::FixedTag<uint32_t, 4>;
using Wide = hn::CappedTag<uint32_t, 8>;
using V = hn::Vec<Wide>;

/// Four elements of column c, and, where vectors hold eight, those of column c + 4 behind them.
HWY_INLINE V load_columns(const Tile<uint32_t>& t, int64_t r, int64_t c) {
  const uint32_t* x = t.x + r + c * t.x_column;
#if HWY_MAX_BYTES >= 32
  return hn::Combine(Wide(), hn::LoadU(Quad(), x + 4 * t.x_column), hn::LoadU(Quad(), x));
#else
  return hn::LoadU(Quad(), x);
#endif
}

/// Four rows of as many columns as a vector has lanes.
HWY_INLINE void transpose_block(const Tile<uint32_t>& t, int64_t r, int64_t c) {
  const Wide d;
  const hn::Repartition<uint64_t, Wide> d64;
  const V a0 = load_columns(t, r, c), a1 = load_columns(t, r, c + 1);
  const V a2 = load_columns(t, r, c + 2), a3 = load_columns(t, r, c + 3);
  const auto low01 = hn::BitCast(d64, hn::InterleaveLower(d, a0, a1));
  const auto high01 = hn::BitCast(d64, hn::InterleaveUpper(d, a0, a1));
  const auto low23 = hn::BitCast(d64, hn::InterleaveLower(d, a2, a3));
  const auto high23 = hn::BitCast(d64, hn::InterleaveUpper(d, a2, a3));
  uint32_t* y = t.y + r * t.y_row + c;
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(d64, low01, low23)), d, y);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(d64, low01, low23)), d, y + t.y_row);
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(d64, high01, high23)), d, y + 2 * t.y_row);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(d64, high01, high23)), d, y + 3 * t.y_row);
}

/// Two, three or four elements beside each other become as many rows; the first column that is left.
template <typename T>
HWY_INLINE int64_t part_columns(const Tile<T>& t) {
  const hn::ScalableTag<T> d;
  const auto step = static_cast<int64_t>(hn::Lanes(d));
  hn::Vec<decltype(d)> a, b, c, e;
  int64_t i = 0;
  if (t.rows == 2) {
    for (; i + step <= t.columns; i += step) {
      hn::LoadInterleaved2(d, t.x + 2 * i, a, b);
      hn::StoreU(a, d, t.y + i), hn::StoreU(b, d, t.y + t.y_row + i);
    }
  } else if (t.rows == 3) {
    for (; i + step <= t.columns; i += step) {
      hn::LoadInterleaved3(d, t.x + 3 * i, a, b, c);
      hn::StoreU(a, d, t.y + i), hn::StoreU(b, d, t.y + t.y_row + i), hn::StoreU(c, d, t.y + 2 * t.y_row + i);
    }
  } else {
    for (; i + step <= t.columns; i += step) {
      hn::LoadInterleaved4(d, t.x + 4 * i, a, b, c, e);
      hn::StoreU(a, d, t.y + i), hn::StoreU(b, d, t.y + t.y_row + i);
      hn::StoreU(c, d, t.y + 2 * t.y_row + i), hn::StoreU(e, d, t.y + 3 * t.y_row + i);
    }
  }
  return i;
}

/// The reverse: as many columns become elements beside each other; the first row that is left.
template <typename T>
HWY_INLINE int64_t join_rows(const Tile<T>& t) {
  const hn::ScalableTag<T> d;
  const auto step = static_cast<int64_t>(hn::Lanes(d));
  const auto load = [&](int64_t r, int64_t column) HWY_ATTR { return hn::LoadU(d, t.x + r + column * t.x_column); };
  int64_t i = 0;
  if (t.columns == 2) {
    for (; i + step <= t.rows; i += step) hn::StoreInterleaved2(load(i, 0), load(i, 1), d, t.y + 2 * i);
  } else if (t.columns == 3) {
    for (; i + step <= t.rows; i += step) hn::StoreInterleaved3(load(i, 0), load(i, 1), load(i, 2), d, t.y + 3 * i);
  } else {
    for (; i + step <= t.rows; i += step)
      hn::StoreInterleaved4(load(i, 0), load(i, 1), load(i, 2), load(i, 3), d, t.y + 4 * i);
  }
  return i;
}

/// A side of two, three or four elements; false where there is none.
template <typename T>
HWY_INLINE bool transpose_narrow(const Tile<T>& t) {
  if (t.columns >= 2 && t.columns <= 4 && t.y_row == t.columns) {
    transpose_plain(t, join_rows(t), t.rows, 0, t.columns);
  } else if (t.rows >= 2 && t.rows <= 4 && t.x_column == t.rows) {
    transpose_plain(t, 0, t.rows, part_columns(t), t.columns);
  } else {
    return false;
  }
  return true;
}

void transpose_bytes(const Tile<uint8_t>& t) {
  if (!transpose_narrow(t)) transpose_plain(t, 0, t.rows, 0, t.columns);
}

void transpose_halves(const Tile<uint16_t>& t) {
  if (!transpose_narrow(t)) transpose_plain(t, 0, t.rows, 0, t.columns);
}

void transpose_words(const Tile<uint32_t>& t) {
  if (transpose_narrow(t)) return;
  const auto wide = static_cast<int64_t>(hn::Lanes(Wide()));
  const int64_t rows = t.rows - t.rows % 4, columns = t.columns - t.columns % wide;
  // Sixteen columns at a time: whole cache lines of both sides.
  for (int64_t c0 = 0; c0 < columns; c0 += 16)
    for (int64_t r = 0; r < rows; r += 4)
      for (int64_t c = c0; c < columns && c < c0 + 16; c += wide) transpose_block(t, r, c);
  transpose_plain(t, 0, rows, columns, t.columns);
  transpose_plain(t, rows, t.rows, 0, t.columns);
}

#else

void transpose_bytes(const Tile<uint8_t>& t) {
  transpose_plain(t, 0, t.rows, 0, t.columns);
}
void transpose_halves(const Tile<uint16_t>& t) {
  transpose_plain(t, 0, t.rows, 0, t.columns);
}
void transpose_words(const Tile<uint32_t>& t) {
  transpose_plain(t, 0, t.rows, 0, t.columns);
}

#endif

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu_blas::simd {

TENON_SIMD_EXPORT(transpose_bytes);
TENON_SIMD_EXPORT(transpose_halves);
TENON_SIMD_EXPORT(transpose_words);

void transpose_tile(const Tile<uint8_t>& tile) {
  TENON_SIMD(transpose_bytes)(tile);
}

void transpose_tile(const Tile<uint16_t>& tile) {
  TENON_SIMD(transpose_halves)(tile);
}

void transpose_tile(const Tile<uint32_t>& tile) {
  TENON_SIMD(transpose_words)(tile);
}

}  // namespace tenon::cpu_blas::simd
#endif
