// Products of activations; see gemm.h. A panel of B is used where it lies where it is whole vectors wide and rows of A
// are few or rows of B short; else a part of it is copied, which is a few percent of what is then done with it.
#include "gemm.h"

#include <algorithm>
#include <limits>

#include "common.h"
#include "openblas/product.h"
#include "simd/attention.h"
#include "simd/panel_gemm.h"

namespace tenon::cpu_blas {
namespace {

constexpr int64_t kPanelFloats = 16 * 1024;  // of a part that is copied: 64 KiB of the thread's stack
constexpr int64_t kRowBlock = 192;           // rows of A that stay in the L2 cache while panels change
constexpr int64_t kWidePanel = 64;           // floats
constexpr int64_t kTilesPerWorker = 4;

/// Rows of A below which panels of B are read where they lie, as copying B would take as long as the product; and up to
/// which rows of B are added up instead. A narrow panel's rows, a cache line each, come from as many pages.
int64_t few_rows() {
  return simd::panel_width() >= kWidePanel ? 16 : 5;
}
int64_t rows_by_sums() {
  return simd::panel_width() >= kWidePanel ? 1 : 4;
}

/// Rows and columns of C.
struct Tile {
  int64_t m = 0, rows = 0, n = 0, columns = 0;
};

/// What follows the sums of a tile, which are to be multiplied by alpha, where the micro-kernel has not finished them.
void finish_tile(const Gemm& g, const Epilogue& e, float alpha, const Tile& t) {
  static const float kZero = 0;
  for (int64_t m = t.m; m < t.m + t.rows; ++m) {
    const float scale = alpha * (e.row_scale != nullptr ? e.row_scale[m] : 1.0f);
    const float* shift = e.row_shift != nullptr ? e.row_shift + m : &kZero;
    if (e.column_shift != nullptr) shift = e.column_shift + t.n;
    const float* residual = e.residual != nullptr ? e.residual + m * e.residual_stride + t.n : nullptr;
    simd::finish_row(g.c + m * g.ldc + t.n, scale, shift, e.column_shift != nullptr ? 1 : 0, residual, e.activation,
                     t.columns);
  }
  e.finish(g.c + t.m * g.ldc + t.n, t.rows, t.columns, g.ldc, t.m, t.n);
}

/// Where B has its elements of K side by side: one row of C, or one column, as dot products. Where it has those of N
/// so: few rows of C as sums of rows of B, which are read from beginning to end.
bool multiply_vectors(const Gemm& g, const Epilogue& e, const Tile& t) {
  if (g.transpose_a) return false;
  const float *a = g.a + t.m * g.lda, *b = g.b + t.n * (g.transpose_b ? g.ldb : 1);
  float* c = g.c + t.m * g.ldc + t.n;
  if (t.rows == 1 && g.transpose_b) {
    simd::dot_rows(a, b, g.ldb, t.columns, g.k, c);
  } else if (t.columns == 1 && g.ldc == 1 && (g.transpose_b || g.ldb == 1)) {
    simd::dot_rows(b, a, g.lda, t.rows, g.k, c);
  } else if (t.rows <= rows_by_sums() && !g.transpose_b) {
    for (int64_t i = 0; i < t.rows; ++i)
      simd::add_weighted_rows(a + i * g.lda, b, g.ldb, g.k, t.columns, c + i * g.ldc);
  } else {
    return false;
  }
  finish_tile(g, e, g.alpha, t);
  return true;
}

/// The columns of a tile that one panel has.
void multiply_columns(const Gemm& g, const Epilogue& e, const Tile& t) {
  constexpr float kMost = std::numeric_limits<float>::infinity();
  alignas(64) float copied[kPanelFloats];
  const int64_t width = round_up(t.columns, simd::vector_width());
  const bool in_place = !g.transpose_b && width == t.columns && (t.rows < few_rows() || g.ldb <= 2 * width);
  const int64_t step = in_place ? std::max<int64_t>(g.k, 1) : kPanelFloats / width;
  const simd::Unary function = e.activation.function;
  simd::PanelProduct p{};
  p.a_stride = g.transpose_a ? 1 : g.lda;
  p.a_step = g.transpose_a ? g.lda : 1;
  p.rows = t.rows, p.columns = t.columns;
  p.panel_stride = in_place ? g.ldb : width;
  p.c = g.c + t.m * g.ldc + t.n;
  p.c_stride = g.ldc;
  p.alpha = g.alpha;
  p.scale = e.row_scale != nullptr ? e.row_scale + t.m : nullptr;
  p.shift = e.row_shift != nullptr ? e.row_shift + t.m : nullptr;
  p.column_shift = e.column_shift != nullptr ? e.column_shift + t.n : nullptr;
  p.residual = e.residual != nullptr ? e.residual + t.m * e.residual_stride + t.n : nullptr;
  p.residual_stride = e.residual_stride;
  p.low = function == simd::Unary::kRelu ? 0 : function == simd::Unary::kClip ? e.activation.low : -kMost;
  p.high = function == simd::Unary::kClip ? e.activation.high : kMost;
  int64_t k = 0;
  do {  // where K is 0, too: the end of the product is there
    p.depth = std::min(step, g.k - k);
    p.a = g.a + t.m * p.a_stride + k * p.a_step;
    p.panel = in_place ? g.b + k * g.ldb + t.n : copied;
    if (!in_place && g.transpose_b) {
      simd::transpose_scaled(g.b + t.n * g.ldb + k, g.ldb, t.columns, p.depth, 1, copied, width);
    } else if (!in_place) {
      simd::pack_panel(g.b + k * g.ldb + t.n, g.ldb, 1, p.depth, t.columns, copied, width);
    }
    p.accumulate = k > 0;
    p.finish = k + p.depth == g.k;
    simd::multiply_panel(p);
    k += p.depth;
  } while (k < g.k);
  const bool is_done =
      function == simd::Unary::kIdentity || function == simd::Unary::kRelu || function == simd::Unary::kClip;
  for (int64_t i = 0; !is_done && i < t.rows; ++i)
    simd::unary(e.activation, p.c + i * g.ldc, p.c + i * g.ldc, t.columns);
  e.finish(p.c, t.rows, t.columns, g.ldc, t.m, t.n);
}

/// How C is cut: rows x columns tiles.
struct Grid {
  int64_t tile_m, tile_n, rows, columns;
};

/// Some tiles for each worker, of whole panels, as each copies its own panels of B.
Grid plan_grid(const Gemm& g, int64_t workers) {
  Grid grid{g.m, g.n, 1, 1};
  if (workers > 1) {
    const int64_t width = simd::panel_width(), panels = ceil_div(g.n, width), tiles = kTilesPerWorker * workers;
    grid.tile_n = width * std::max<int64_t>(panels / tiles, 1);
    grid.tile_m = round_up(ceil_div(g.m, ceil_div(tiles, panels)), simd::kPanelRows);
  }
  grid.rows = ceil_div(g.m, grid.tile_m);
  grid.columns = ceil_div(g.n, grid.tile_n);
  return grid;
}

}  // namespace

sdk::Status check_gemm(const std::string& node, const Gemm& g) {
  return is_for_openblas(g) ? check_openblas(node, g) : sdk::Status();
}

void gemm_tile(const Gemm& g, const Epilogue& e, int64_t m_begin, int64_t m_end, int64_t n_begin, int64_t n_end) {
  if (m_end <= m_begin || n_end <= n_begin) return;
  if (is_for_openblas(g)) {
    blas_tile(g, m_begin, m_end, n_begin, n_end);
    if (!e.is_empty()) finish_tile(g, e, 1, {m_begin, m_end - m_begin, n_begin, n_end - n_begin});
    return;
  }
  if (multiply_vectors(g, e, {m_begin, m_end - m_begin, n_begin, n_end - n_begin})) return;
  for (int64_t m = m_begin; m < m_end; m += kRowBlock)
    for (int64_t n = n_begin; n < n_end; n += simd::panel_width())
      multiply_columns(g, e, {m, std::min(kRowBlock, m_end - m), n, std::min(simd::panel_width(), n_end - n)});
}

void gemm(sdk::RunContext& run, const Gemm& g, const Epilogue& e) {
  if (g.m == 0 || g.n == 0) return;
  run.count_products(g.m, g.n, g.k);
  const Grid grid = plan_grid(g, run.max_workers());
  run.parallel_for(grid.rows * grid.columns, gemm_cost_ns(grid.tile_m, grid.tile_n, g.k),
                   [&](int64_t begin, int64_t end) {
                     for (int64_t tile = begin; tile < end; ++tile) {
                       const int64_t m = tile / grid.columns * grid.tile_m;
                       const int64_t n = tile % grid.columns * grid.tile_n;
                       gemm_tile(g, e, m, std::min(m + grid.tile_m, g.m), n, std::min(n + grid.tile_n, g.n));
                     }
                   });
}

}  // namespace tenon::cpu_blas
