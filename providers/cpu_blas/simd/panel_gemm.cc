// Products with panels; see panel_gemm.h.
#include "simd/panel_gemm.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#ifndef TENON_CPU_BLAS_COPY_ROWS  // once, whatever the number of instruction sets
#define TENON_CPU_BLAS_COPY_ROWS
namespace tenon::cpu_blas::simd {

/// Copies `columns` floats of each row between c or residual and a tile of its own.
inline void copy_rows(const float* from, int64_t from_stride, float* to, int64_t to_stride, int64_t rows,
                      int64_t columns) {
  for (int64_t i = 0; i < rows; ++i)
    std::memcpy(to + i * to_stride, from + i * from_stride, static_cast<size_t>(columns) * sizeof(float));
}

}  // namespace tenon::cpu_blas::simd
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/panel_gemm.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/dispatch.h"
#include "simd/math-inl.h"
#include "simd/panel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

// Six rows: the lines of A that are in use fit one set of an 8-way cache when A's stride is a power of two.
constexpr int kRows = kPanelRows;
// Rows of the panel that are fetched ahead, one line each: narrow tiles leave too few loads under way to hide memory.
constexpr int kAhead = kVectors == 2 ? 16 : 0;
constexpr int64_t kLine = 16;  // floats of a cache line

/// What a tile fetches for later, a line in each of its first rounds.
struct Fetch {
  const float *at = nullptr, *end = nullptr;

  int64_t lines() const { return at < end ? (end - at + kLine - 1) / kLine : 0; }
};

/// Where a tile reads next: its first row and its fourth, from which the others are one stride and two away. Six
/// pointers and what else a round needs would not fit the registers.
struct Operands {
  const float *low, *high, *b;
};

/// Nothing but the sums is wanted: where K is small, an epilogue that does nothing would take a tenth of the time.
HWY_INLINE bool stores_sums(const PanelProduct& p) {
  if (p.accumulate) return false;
  return !p.finish || (p.alpha == 1 && p.scale == nullptr && p.shift == nullptr && p.column_shift == nullptr &&
                       p.residual == nullptr && p.low == -HUGE_VALF && p.high == HUGE_VALF);
}

/// `count` rounds of a tile, each of one k; the first ones fetch a line each where `fetch` is given.
template <int R, int N, int P, bool kFetches>
HWY_INLINE void add_rounds(const PanelProduct& p, int64_t count, Operands& at, const float*& fetch,
                           V (&sums)[R][P * N]) {
  const D d;
  const int64_t stride = p.a_stride, step = p.a_step, panel_stride = p.panel_stride;
  // Few rounds, so that their end is foreseen where K is small.
  HWY_UNROLL(4)
  for (; count > 0; --count) {
    V columns[P * N];
    for (int v = 0; v < P * N; ++v) columns[v] = hn::LoadU(d, at.b + v / N * p.panel_gap + v % N * lanes());
    if (kAhead != 0 && P == 1) hwy::Prefetch(at.b + kAhead * panel_stride);
    if (kFetches) {
      hwy::Prefetch(fetch);
      fetch += kLine;
    }
    for (int r = 0; r < R; ++r) {
      const V element = hn::Set(d, r < 3 ? at.low[r * stride] : at.high[(r - 3) * stride]);
      for (int v = 0; v < P * N; ++v) sums[r][v] = hn::MulAdd(element, columns[v], sums[r][v]);
    }
    at.low += step;
    at.high += step;
    at.b += panel_stride;
  }
}

/// A tile of R rows and N vectors of each of P neighbouring panels, at `first_row`, all of it in registers.
template <int R, int N, int P = 1>
HWY_INLINE void multiply_tile(const PanelProduct& p, int64_t first_row, Fetch fetch = {}) {
  static_assert((P == 1 || N == kVectors) && R <= kRows && kRows == 6);
  const D d;
  V sums[R][P * N];
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < P * N; ++v) sums[r][v] = hn::Zero(d);
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < P * N; ++v) hwy::Prefetch(p.c + (first_row + r) * p.c_stride + v * lanes());
  const float* a = p.a + first_row * p.a_stride;
  Operands at{a, R > 3 ? a + 3 * p.a_stride : a, p.panel};
  const int64_t fetching = std::min(fetch.lines(), p.depth);
  add_rounds<R, N, P, true>(p, fetching, at, fetch.at, sums);
  add_rounds<R, N, P, false>(p, p.depth - fetching, at, fetch.at, sums);
  if (stores_sums(p)) {
    for (int r = 0; r < R; ++r)
      for (int v = 0; v < P * N; ++v) hn::StoreU(sums[r][v], d, p.c + (first_row + r) * p.c_stride + v * lanes());
    return;
  }
  const V low = hn::Set(d, p.low), high = hn::Set(d, p.high);
  for (int r = 0; r < R; ++r) {
    const int64_t row = first_row + r;
    float* c = p.c + row * p.c_stride;
    const V scale = hn::Set(d, p.scale != nullptr ? p.alpha * p.scale[row] : p.alpha);
    const V shift = hn::Set(d, p.shift != nullptr ? p.shift[row] : 0.0f);
    for (int v = 0; v < P * N; ++v) {
      V value = sums[r][v];
      if (p.accumulate) value = hn::Add(value, hn::LoadU(d, c + v * lanes()));
      if (p.finish) {
        value = hn::MulAdd(value, scale, shift);
        if (p.column_shift != nullptr) value = hn::Add(value, hn::LoadU(d, p.column_shift + v * lanes()));
        if (p.residual != nullptr)
          value = hn::Add(value, hn::LoadU(d, p.residual + row * p.residual_stride + v * lanes()));
        value = clamp(value, low, high);
      }
      hn::StoreU(value, d, c + v * lanes());
    }
  }
}

template <int N>
HWY_INLINE void multiply_vectors(const PanelProduct& p) {
  // Where wide tiles are so few that they wait for their own panel, a second stream would only slow it.
  const bool fetches = p.next != nullptr && (kVectors == 2 || p.rows >= 2 * kRows);
  const int64_t share = fetches ? (p.next_count * kRows / std::max<int64_t>(p.rows, 1) + 2 * kLine) / kLine * kLine : 0;
  // The last seven to eleven rows go in two halves: a tile of few rows waits for the panel.
  int64_t row = 0;
  for (int64_t left; (left = p.rows - row) > 0;) {
    const int64_t count = left >= 2 * kRows || left == kRows ? kRows : left > kRows ? (left + 1) / 2 : left;
    const int64_t begin = std::min(row / kRows * share, p.next_count), end = std::min(begin + share, p.next_count);
    const Fetch fetch{p.next + begin, p.next + end};
    switch (count) {
      case 1: multiply_tile<1, N>(p, row, fetch); break;
      case 2: multiply_tile<2, N>(p, row, fetch); break;
      case 3: multiply_tile<3, N>(p, row, fetch); break;
      case 4: multiply_tile<4, N>(p, row, fetch); break;
      case 5: multiply_tile<5, N>(p, row, fetch); break;
      default: multiply_tile<kRows, N>(p, row, fetch); break;
    }
    row += count;
  }
}

HWY_NOINLINE void multiply_whole(const PanelProduct& p) {
  switch ((p.columns + lanes() - 1) / lanes()) {
    case 1: return multiply_vectors<1>(p);
    case 2: return multiply_vectors<2>(p);
    case 3: return multiply_vectors<std::min(3, kVectors)>(p);
    default: return multiply_vectors<kVectors>(p);
  }
}

int64_t panel_width() {
  return kVectors * lanes();
}

int64_t vector_width() {
  return lanes();
}

int64_t panels_at_once(int64_t rows) {
  return rows == 1 ? 4 : rows == 2 ? 2 : 1;
}

void multiply_panel(const PanelProduct& p) {
  if (p.columns > panel_width())
    return p.rows == 1 ? multiply_tile<1, kVectors, 4>(p, 0) : multiply_tile<2, kVectors, 2>(p, 0);
  if (p.columns % lanes() == 0) return multiply_whole(p);
  // The last vector would be written past the row's end: work on copies of a few rows at a time.
  constexpr int64_t kBlock = 4 * kRows;
  HWY_ALIGN float tile[kBlock * kLargestPanel];
  HWY_ALIGN float added[kBlock * kLargestPanel];
  HWY_ALIGN float column_shift[kLargestPanel];
  const int64_t width = panel_width();
  if (p.column_shift != nullptr) copy_rows(p.column_shift, 0, column_shift, 0, 1, p.columns);
  for (int64_t first = 0; first < p.rows; first += kBlock) {
    PanelProduct part = p;
    part.rows = std::min(kBlock, p.rows - first);
    part.a = p.a + first * p.a_stride;
    if (p.scale != nullptr) part.scale = p.scale + first;
    if (p.shift != nullptr) part.shift = p.shift + first;
    float* c = p.c + first * p.c_stride;
    if (p.accumulate) copy_rows(c, p.c_stride, tile, width, part.rows, p.columns);
    if (p.residual != nullptr && p.finish)
      copy_rows(p.residual + first * p.residual_stride, p.residual_stride, added, width, part.rows, p.columns);
    part.residual = p.residual != nullptr ? added : nullptr;
    part.column_shift = p.column_shift != nullptr ? column_shift : nullptr;
    part.c = tile;
    part.c_stride = part.residual_stride = width;
    multiply_whole(part);
    copy_rows(tile, width, c, p.c_stride, part.rows, p.columns);
  }
}

/// Columns [column, column + 4) and the rows from `row` on that make whole vectors; returns the row after them.
HWY_INLINE int64_t finish_four_columns(const TransposedFinish& f, int64_t column) {
  int64_t row = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::CappedTag<float, 4> d;
  const auto low = hn::Set(d, f.low), high = hn::Set(d, f.high);
  for (; row + 4 <= f.rows; row += 4) {
    const float* t = f.t + row * f.t_stride + column;
    const auto r0 = hn::LoadU(d, t), r1 = hn::LoadU(d, t + f.t_stride);
    const auto r2 = hn::LoadU(d, t + 2 * f.t_stride), r3 = hn::LoadU(d, t + 3 * f.t_stride);
    const auto even0 = hn::InterleaveLower(d, r0, r2), odd0 = hn::InterleaveLower(d, r1, r3);
    const auto even1 = hn::InterleaveUpper(d, r0, r2), odd1 = hn::InterleaveUpper(d, r1, r3);
    hn::Vec<decltype(d)> columns[4] = {hn::InterleaveLower(d, even0, odd0), hn::InterleaveUpper(d, even0, odd0),
                                       hn::InterleaveLower(d, even1, odd1), hn::InterleaveUpper(d, even1, odd1)};
    for (int j = 0; j < 4; ++j) {
      const int64_t at = (column + j) * f.c_stride + row;
      const auto shift = hn::Set(d, f.shift != nullptr ? f.shift[column + j] : 0.0f);
      auto value = hn::MulAdd(columns[j], hn::Set(d, f.scale != nullptr ? f.scale[column + j] : 1.0f), shift);
      if (f.residual != nullptr) value = hn::Add(value, hn::LoadU(d, f.residual + at));
      hn::StoreU(clamp(value, low, high), d, f.c + at);
    }
  }
#else
  (void)f, (void)column;
#endif
  return row;
}

HWY_INLINE void finish_element(const TransposedFinish& f, int64_t row, int64_t column) {
  const hn::CappedTag<float, 1> d;
  const int64_t at = column * f.c_stride + row;
  const auto shift = hn::Set(d, f.shift != nullptr ? f.shift[column] : 0.0f);
  auto value = hn::Set(d, f.t[row * f.t_stride + column]);
  value = hn::MulAdd(value, hn::Set(d, f.scale != nullptr ? f.scale[column] : 1.0f), shift);
  if (f.residual != nullptr) value = hn::Add(value, hn::Set(d, f.residual[at]));
  f.c[at] = hn::GetLane(clamp(value, hn::Set(d, f.low), hn::Set(d, f.high)));
}

void finish_transposed(const TransposedFinish& f) {
  int64_t column = 0;
  for (; column + 4 <= f.columns; column += 4) {
    const int64_t rest = finish_four_columns(f, column);
    for (int64_t j = column; j < column + 4; ++j)
      for (int64_t row = rest; row < f.rows; ++row) finish_element(f, row, j);
  }
  for (; column < f.columns; ++column)
    for (int64_t row = 0; row < f.rows; ++row) finish_element(f, row, column);
}

/// Copies count floats, the last vector overlapping the one before it; fewer than a vector in vectors of half the size.
template <int kLanes>
HWY_INLINE void copy_run(const float* from, float* to, int64_t count) {
  const hn::CappedTag<float, kLanes> d;
  const int64_t step = static_cast<int64_t>(hn::Lanes(d));
  if (count < step) {
    if constexpr (kLanes > 4) {
      copy_run<kLanes / 2>(from, to, count);
    } else {
      for (int64_t i = 0; i < count; ++i) to[i] = from[i];
    }
    return;
  }
  for (int64_t i = 0; i + step < count; i += step) hn::StoreU(hn::LoadU(d, from + i), d, to + i);
  hn::StoreU(hn::LoadU(d, from + count - step), d, to + count - step);
}

/// Copies every other float of a run. A vector reads one float past the last it uses, hence the early stop.
HWY_INLINE void copy_even(const float* from, float* to, int64_t count) {
  int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  const D d;
  for (; i + lanes() < count; i += lanes())
    hn::StoreU(hn::ConcatEven(d, hn::LoadU(d, from + 2 * i + lanes()), hn::LoadU(d, from + 2 * i)), d, to + i);
#endif
  for (; i < count; ++i) to[i] = from[2 * i];
}

void unfold_channels(const Segment* segments, int64_t segment_count, const float* from, int64_t plane, int64_t stride,
                     int64_t channels, float* to, int64_t block) {
  for (int64_t c = 0; c < channels; ++c, from += plane, to += block) {
    for (const Segment* s = segments; s != segments + segment_count; ++s) {
      float* target = to + s->target;
      if (s->source < 0) {
        for (int64_t i = 0; i < s->count; ++i) target[i] = 0;
      } else if (stride == 1) {
        copy_run<64>(from + s->source, target, s->count);
      } else if (stride == 2) {
        copy_even(from + s->source, target, s->count);
      } else {
        const float* source = from + s->source;
        for (int64_t i = 0; i < s->count; ++i) target[i] = source[i * stride];
      }
    }
  }
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu_blas::simd {

TENON_SIMD_EXPORT(panel_width);
TENON_SIMD_EXPORT(vector_width);
TENON_SIMD_EXPORT(panels_at_once);
TENON_SIMD_EXPORT(multiply_panel);
TENON_SIMD_EXPORT(finish_transposed);
TENON_SIMD_EXPORT(unfold_channels);

int64_t panel_width() {
  return TENON_SIMD(panel_width)();
}

int64_t vector_width() {
  return TENON_SIMD(vector_width)();
}

void pack_panel(const float* b, int64_t row_step, int64_t column_step, int64_t depth, int64_t columns, float* panel,
                int64_t panel_stride) {
  constexpr int64_t kBlock = 16;  // rows: a column's elements of one cache line, where columns are contiguous
  for (int64_t first = 0; first < depth; first += kBlock) {
    const int64_t last = std::min(first + kBlock, depth);
    if (column_step == 1) {
      copy_rows(b + first * row_step, row_step, panel + first * panel_stride, panel_stride, last - first, columns);
    } else {
      for (int64_t j = 0; j < columns; ++j)
        for (int64_t k = first; k < last; ++k) panel[k * panel_stride + j] = b[k * row_step + j * column_step];
    }
    for (int64_t k = first; k < last; ++k)
      std::fill(panel + k * panel_stride + columns, panel + (k + 1) * panel_stride, 0.0f);
  }
}

int64_t panels_at_once(int64_t rows) {
  return TENON_SIMD(panels_at_once)(rows);
}

void multiply_panel(const PanelProduct& product) {
  TENON_SIMD(multiply_panel)(product);
}

void finish_transposed(const TransposedFinish& finish) {
  TENON_SIMD(finish_transposed)(finish);
}

void unfold_channels(const Segment* segments, int64_t segment_count, const float* from, int64_t plane, int64_t stride,
                     int64_t channels, float* to, int64_t block) {
  TENON_SIMD(unfold_channels)(segments, segment_count, from, plane, stride, channels, to, block);
}

}  // namespace tenon::cpu_blas::simd
#endif
