// Products with panels; see panel_gemm.h.
#include "simd/panel_gemm.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/panel_gemm.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

using D = hn::CappedTag<float, 64>;
using V = hn::Vec<D>;

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SCALAR
constexpr int kVectors = 2;
#else
constexpr int kVectors = 4;
#endif
// Six rows: the lines of A that are in use fit one set of an 8-way cache when A's stride is a power of two.
constexpr int kRows = 6;

HWY_INLINE int64_t lanes() {
  return static_cast<int64_t>(hn::Lanes(D()));
}

/// A tile of R rows and N vectors at `first_row`, all of it in registers.
template <int R, int N>
HWY_INLINE void multiply_tile(const PanelProduct& p, int64_t first_row) {
  const D d;
  const int64_t width = kVectors * lanes();
  V sums[R][N];
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < N; ++v) sums[r][v] = hn::Zero(d);
  const float* a[R];
  for (int r = 0; r < R; ++r) a[r] = p.a + (first_row + r) * p.a_stride;
  const float* b = p.panel;
  for (int64_t k = 0; k < p.depth; ++k, b += width) {
    V columns[N];
    for (int v = 0; v < N; ++v) columns[v] = hn::LoadU(d, b + v * lanes());
    for (int r = 0; r < R; ++r) {
      const V element = hn::Set(d, a[r][k]);
      for (int v = 0; v < N; ++v) sums[r][v] = hn::MulAdd(element, columns[v], sums[r][v]);
    }
  }
  const V low = hn::Set(d, p.low), high = hn::Set(d, p.high);
  for (int r = 0; r < R; ++r) {
    const int64_t row = first_row + r;
    float* c = p.c + row * p.c_stride;
    for (int v = 0; v < N; ++v) {
      V value = sums[r][v];
      if (p.accumulate) value = hn::Add(value, hn::LoadU(d, c + v * lanes()));
      if (p.finish) {
        const V shift = hn::Set(d, p.shift != nullptr ? p.shift[row] : 0.0f);
        value = p.scale != nullptr ? hn::MulAdd(value, hn::Set(d, p.scale[row]), shift) : hn::Add(value, shift);
        if (p.residual != nullptr) value = hn::Add(value, hn::LoadU(d, p.residual + row * p.c_stride + v * lanes()));
        value = keep_nan(value, hn::Min(hn::Max(value, low), high));
      }
      hn::StoreU(value, d, c + v * lanes());
    }
  }
}

template <int N>
HWY_INLINE void multiply_vectors(const PanelProduct& p) {
  int64_t row = 0;
  for (; row + kRows <= p.rows; row += kRows) multiply_tile<kRows, N>(p, row);
  if (row + 3 <= p.rows) multiply_tile<3, N>(p, row), row += 3;
  for (; row < p.rows; ++row) multiply_tile<1, N>(p, row);
}

HWY_NOINLINE void multiply_whole(const PanelProduct& p) {
  switch ((p.columns + lanes() - 1) / lanes()) {
    case 1: return multiply_vectors<1>(p);
    case 2: return multiply_vectors<2>(p);
#if !(HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SCALAR)
    case 3: return multiply_vectors<3>(p);
    default: return multiply_vectors<4>(p);
#else
    default: return multiply_vectors<2>(p);
#endif
  }
}

/// Copies `columns` floats of each row between c or residual and a tile of its own.
void copy_rows(const float* from, int64_t from_stride, float* to, int64_t to_stride, int64_t rows, int64_t columns) {
  for (int64_t i = 0; i < rows; ++i)
    std::memcpy(to + i * to_stride, from + i * from_stride, static_cast<size_t>(columns) * sizeof(float));
}

int64_t panel_width() {
  return kVectors * lanes();
}

void multiply_panel(const PanelProduct& p) {
  if (p.columns % lanes() == 0) return multiply_whole(p);
  // The last vector would be written past the row's end: work on copies of a few rows at a time.
  constexpr int64_t kBlock = 4 * kRows;
  HWY_ALIGN float tile[kBlock * kLargestPanel];
  HWY_ALIGN float added[kBlock * kLargestPanel];
  const int64_t width = panel_width();
  for (int64_t first = 0; first < p.rows; first += kBlock) {
    PanelProduct part = p;
    part.rows = std::min(kBlock, p.rows - first);
    part.a = p.a + first * p.a_stride;
    if (p.scale != nullptr) part.scale = p.scale + first;
    if (p.shift != nullptr) part.shift = p.shift + first;
    float* c = p.c + first * p.c_stride;
    if (p.accumulate) copy_rows(c, p.c_stride, tile, width, part.rows, p.columns);
    if (p.residual != nullptr && p.finish)
      copy_rows(p.residual + first * p.c_stride, p.c_stride, added, width, part.rows, p.columns);
    part.residual = p.residual != nullptr ? added : nullptr;
    part.c = tile;
    part.c_stride = width;
    multiply_whole(part);
    copy_rows(tile, width, c, p.c_stride, part.rows, p.columns);
  }
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

HWY_EXPORT(panel_width);
HWY_EXPORT(multiply_panel);
HWY_EXPORT(unfold_channels);

int64_t panel_width() {
  return HWY_DYNAMIC_DISPATCH(panel_width)();
}

void multiply_panel(const PanelProduct& product) {
  HWY_DYNAMIC_DISPATCH(multiply_panel)(product);
}

void unfold_channels(const Segment* segments, int64_t segment_count, const float* from, int64_t plane, int64_t stride,
                     int64_t channels, float* to, int64_t block) {
  HWY_DYNAMIC_DISPATCH(unfold_channels)(segments, segment_count, from, plane, stride, channels, to, block);
}

}  // namespace tenon::cpu_blas::simd
#endif
