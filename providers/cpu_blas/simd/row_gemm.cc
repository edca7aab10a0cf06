// Products of rows by pointers; see row_gemm.h.
#include "simd/row_gemm.h"

#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "simd/row_gemm.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/dispatch.h"
#include "simd/math-inl.h"
#include "simd/panel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tenon::cpu_blas::simd::HWY_NAMESPACE {

// A tile keeps as many sums as registers allow: fewer vectors a row leave room for more rows, which hide the time of a
// multiply-add. Past eight rows their pointers are no longer in registers, so several k share what is read of each.
constexpr int rows_of(int vectors) {
  return kVectors == 2 ? (vectors == 1 ? 12 : 6) : vectors == 4 ? 6 : vectors == 3 ? 8 : 12;
}
constexpr int steps_of(int rows, int vectors) {
  return rows <= 8 || vectors > 2 ? 1 : vectors == 1 && kVectors > 2 ? 4 : 2;
}

/// The sums of R rows and N vectors over kSteps neighbouring k.
template <int R, int N, int kSteps>
HWY_INLINE void add_steps(const float* const (&a)[R], int64_t k, const float* b, int64_t b_stride, V (&sums)[R][N]) {
  const D d;
  V columns[kSteps][N];
  for (int s = 0; s < kSteps; ++s)
    for (int v = 0; v < N; ++v) columns[s][v] = hn::LoadU(d, b + s * b_stride + v * lanes());
  for (int r = 0; r < R; ++r) {
    const float* row = a[r] + k;
    for (int s = 0; s < kSteps; ++s) {
      const V element = hn::Set(d, row[s]);
      for (int v = 0; v < N; ++v) sums[r][v] = hn::MulAdd(element, columns[s][v], sums[r][v]);
    }
  }
}

// Where masks reach memory, they spare the way over a copy.
constexpr bool kHasMasks = HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL;

/// The vector at p, of whose floats only `count` are there where that is less than a vector; the others are any.
HWY_INLINE V load_part(const float* p, int64_t count) {
  const D d;
  if (count >= lanes()) return hn::LoadU(d, p);
  if (kHasMasks) return hn::MaskedLoad(hn::FirstN(d, static_cast<size_t>(count)), d, p);
  HWY_ALIGN float part[64] = {};
  std::memcpy(part, p, static_cast<size_t>(count) * sizeof(float));
  return hn::Load(d, part);
}

HWY_INLINE void store_part(V value, float* p, int64_t count) {
  const D d;
  if (count >= lanes()) return hn::StoreU(value, d, p);
  if (kHasMasks) return hn::BlendedStore(value, hn::FirstN(d, static_cast<size_t>(count)), d, p);
  HWY_ALIGN float part[64];
  hn::Store(value, d, part);
  std::memcpy(p, part, static_cast<size_t>(count) * sizeof(float));
}

/// What is fetched while a tile is computed: a line of the cache for each round, or the same one again.
struct Fetch {
  const float* line;
  int64_t step;
};
constexpr int64_t kLine = 16;  // floats

/// The part of what is to be fetched that falls to the tile at row `first`: each has a line for each k.
HWY_INLINE Fetch fetch_of(const RowProduct& p, int64_t first, int64_t tile_rows) {
  const int64_t rounds = p.taps * p.depth, begin = first / tile_rows * rounds * kLine;
  if (p.next == nullptr || begin + rounds * kLine > p.next_floats) return {p.panel, 0};
  return {p.next + begin, kLine};
}

/// A tile of R rows and N vectors at `first`, all of it in registers.
template <int R, int N>
HWY_INLINE void multiply_tile(const RowProduct& p, int64_t first) {
  Fetch fetch = fetch_of(p, first, rows_of(N));
  constexpr int kSteps = steps_of(R, N);
  const D d;
  V sums[R][N];
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < N; ++v) sums[r][v] = hn::Zero(d);
  for (int r = 0; r < R; ++r)
    for (int v = 0; v < N; ++v) hwy::Prefetch(p.c + (first + r) * p.c_stride + v * lanes());
  for (int64_t t = 0; t < p.taps; ++t) {
    const float* a[R];
    bool is_padding = true;
    for (int r = 0; r < R; ++r) {
      const float* row = p.a[t * p.a_gap + first + r];
      is_padding &= row == p.zeros;
      a[r] = row + p.a_offset;
    }
    if (is_padding) continue;
    const float* b = p.panel + t * p.tap_gap;
    int64_t k = 0;
    for (; k + kSteps <= p.depth; k += kSteps, b += kSteps * p.panel_stride, fetch.line += fetch.step) {
      __builtin_prefetch(fetch.line, 0, 2);
      add_steps<R, N, kSteps>(a, k, b, p.panel_stride, sums);
    }
    if (kSteps > 1)
      for (; k < p.depth; ++k, b += p.panel_stride) add_steps<R, N, 1>(a, k, b, p.panel_stride, sums);
  }
  // The last vector may be a part.
  const int64_t last = p.columns - (N - 1) * lanes();
  const auto floats = [&](int v) { return v == N - 1 ? last : lanes(); };
  V scale[N], shift[N];
  const V low = hn::Set(d, p.low), high = hn::Set(d, p.high);
  for (int v = 0; v < N; ++v) {
    scale[v] = p.finish && p.scale != nullptr ? load_part(p.scale + v * lanes(), floats(v)) : hn::Set(d, 1.0f);
    shift[v] = p.finish && p.shift != nullptr ? load_part(p.shift + v * lanes(), floats(v)) : hn::Zero(d);
  }
  for (int r = 0; r < R; ++r) {
    float* c = p.c + (first + r) * p.c_stride;
    const float* residual = p.residual + (first + r) * p.residual_stride;
    for (int v = 0; v < N; ++v) {
      V value = sums[r][v];
      if (p.accumulate) value = hn::Add(value, load_part(c + v * lanes(), floats(v)));
      if (p.finish) {
        value = hn::MulAdd(value, scale[v], shift[v]);
        if (p.residual != nullptr) value = hn::Add(value, load_part(residual + v * lanes(), floats(v)));
        value = clamp(value, low, high);
      }
      store_part(value, c + v * lanes(), floats(v));
    }
  }
}

template <int N>
HWY_NOINLINE void multiply_vectors(const RowProduct& p) {
  constexpr int kRows = rows_of(N);
  int64_t row = 0;
  for (; row + kRows <= p.rows; row += kRows) multiply_tile<kRows, N>(p, row);
  // What is left goes in parts of about equal size: a tile of few rows waits for the panel.
  int64_t left = p.rows - row;
  if (kRows > 6 && left > 6) {
    const int64_t half = left > 8 ? 6 : 4;
    half == 6 ? multiply_tile<6, N>(p, row) : multiply_tile<4, N>(p, row);
    row += half, left -= half;
  }
  switch (left) {
    case 0: break;
    case 1: multiply_tile<1, N>(p, row); break;
    case 2: multiply_tile<2, N>(p, row); break;
    case 3: multiply_tile<3, N>(p, row); break;
    case 4: multiply_tile<4, N>(p, row); break;
    case 5: multiply_tile<5, N>(p, row); break;
    default: multiply_tile<6, N>(p, row); break;
  }
}

void multiply_rows(const RowProduct& p) {
  switch ((p.columns + lanes() - 1) / lanes()) {
    case 0: return;
    case 1: return multiply_vectors<1>(p);
    case 2: return multiply_vectors<2>(p);
    case 3: return multiply_vectors<(kVectors < 3 ? kVectors : 3)>(p);
    default: return multiply_vectors<kVectors>(p);
  }
}

}  // namespace tenon::cpu_blas::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tenon::cpu_blas::simd {

TENON_SIMD_EXPORT(multiply_rows);

void multiply_rows(const RowProduct& product) {
  TENON_SIMD(multiply_rows)(product);
}

}  // namespace tenon::cpu_blas::simd
#endif
