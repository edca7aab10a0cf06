// Matrix products; see gemm.h.
#include "gemm.h"

#include <cblas.h>

#include <algorithm>
#include <climits>

#include "common.h"
#include "openblas/openblas.h"

namespace tenon::cpu_blas {
namespace {

constexpr int64_t kTileElements = 128 * 1024;  // of C: half a megabyte, so that the epilogue finds it in the L2 cache
constexpr int64_t kColumnGrain = 16;           // a vector's width at the widest: tiles start on multiples of it

void finish_tile(const Gemm& g, const Epilogue& e, int64_t m_begin, int64_t m_end, int64_t n_begin, int64_t n_end) {
  static const float kZero = 0;
  for (int64_t m = m_begin; m < m_end; ++m) {
    const float scale = e.row_scale != nullptr ? e.row_scale[m] : 1.0f;
    const float* shift = e.row_shift != nullptr ? e.row_shift + m : &kZero;
    if (e.column_shift != nullptr) shift = e.column_shift + n_begin;
    const float* residual = e.residual != nullptr ? e.residual + m * e.residual_stride + n_begin : nullptr;
    simd::finish_row(g.c + m * g.ldc + n_begin, scale, shift, e.column_shift != nullptr ? 1 : 0, residual, e.activation,
                     n_end - n_begin);
  }
}

/// How C is cut: rows x columns tiles.
struct Grid {
  int64_t tile_m, tile_n, rows, columns;
};

/// Tiles of about kTileElements, at least one for each worker while they are worth it. OpenBLAS copies both operands of
/// every call into its own layout, so the side is cut on which the operand that is copied again is the smaller.
Grid plan_grid(const Gemm& g, int64_t workers, bool finishes) {
  int64_t parts = finishes ? ceil_div(g.m * g.n, kTileElements) : 1;
  if (workers > 1) parts = ceil_div(std::max(parts, workers), workers) * workers;
  Grid grid{g.m, g.n, 1, 1};
  if (g.n >= g.m) {
    grid.tile_n = ceil_div(ceil_div(g.n, parts), kColumnGrain) * kColumnGrain;
  } else {
    grid.tile_m = ceil_div(g.m, parts);
  }
  grid.rows = ceil_div(g.m, grid.tile_m);
  grid.columns = ceil_div(g.n, grid.tile_n);
  return grid;
}

}  // namespace

sdk::Status check_gemm(const std::string& node, const Gemm& g) {
  if (std::max({g.m, g.n, g.k, g.lda, g.ldb, g.ldc}) > INT_MAX)
    return sdk::unsupported(node, ": a product of ", g.m, "x", g.k, " and ", g.k, "x", g.n,
                            " is larger than BLAS can count; split the tensor or run the node on cpu_ref");
  if (auto blas = openblas(); !blas.is_ok()) {
    const sdk::Status failure = blas.take_status();
    return sdk::Status(failure.code(), node + ": " + failure.message());
  }
  return {};
}

void gemm_tile(const Gemm& g, const Epilogue& e, int64_t m_begin, int64_t m_end, int64_t n_begin, int64_t n_end) {
  const int64_t m = m_end - m_begin;
  const int64_t n = n_end - n_begin;
  if (m <= 0 || n <= 0) return;
  const float* a = g.a + (g.transpose_a ? m_begin : m_begin * g.lda);
  const float* b = g.b + (g.transpose_b ? n_begin * g.ldb : n_begin);
  float* c = g.c + m_begin * g.ldc + n_begin;
  if (g.k == 0) {
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) c[i * g.ldc + j] = 0;
    return finish_tile(g, e, m_begin, m_end, n_begin, n_end);
  }
  const OpenBlas& blas = *openblas().value();  // check_gemm() has seen it
  // BLAS leaves the operands unread where alpha is 0, but 0 times NaN is NaN.
  const bool scales_after = g.alpha == 0;
  const float alpha = scales_after ? 1 : g.alpha;
  const auto op = [](bool transposed) { return transposed ? CblasTrans : CblasNoTrans; };
  if (m == 1 && !g.transpose_a) {
    // A row vector: y = op(B)^T x, which reads B once and copies nothing.
    blas.sgemv(CblasRowMajor, g.transpose_b ? CblasNoTrans : CblasTrans, static_cast<int>(g.transpose_b ? n : g.k),
               static_cast<int>(g.transpose_b ? g.k : n), alpha, b, static_cast<int>(g.ldb), a, 1, 0, c, 1);
  } else {
    blas.sgemm(CblasRowMajor, op(g.transpose_a), op(g.transpose_b), static_cast<int>(m), static_cast<int>(n),
               static_cast<int>(g.k), alpha, a, static_cast<int>(g.lda), b, static_cast<int>(g.ldb), 0, c,
               static_cast<int>(g.ldc));
  }
  if (scales_after)
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) c[i * g.ldc + j] *= g.alpha;
  if (!e.is_empty()) finish_tile(g, e, m_begin, m_end, n_begin, n_end);
}

void gemm(sdk::RunContext& run, const Gemm& g, const Epilogue& e) {
  if (g.m == 0 || g.n == 0) return;
  run.count_products(g.m, g.n, g.k);
  const Grid grid = plan_grid(g, run.max_workers(), !e.is_empty());
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
