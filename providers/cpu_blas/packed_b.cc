// Products with packed right-hand matrices; see packed_b.h. Rows of A are read in place: six of them at a time come
// from the L1 cache whatever their stride, so that packing them too would only cost.
#include "packed_b.h"

#include <algorithm>
#include <limits>

#include "common.h"
#include "simd/isa.h"
#include "simd/panel_gemm.h"

namespace tenon::cpu_blas {
namespace {

constexpr int64_t kDepth = 1024;  // of one pass: a quarter of a megabyte of panel at the widest, in the L2 cache
constexpr int64_t kNarrowPanel = 16, kNarrowDepth = 256;  // of narrow panels 16 KiB, which stay in the L1 cache
// Rows of A that stay in the L2 cache while panels change: between these numbers, as many as fit.
constexpr int64_t kLeastRowBlock = 96, kMostRowBlock = 256, kSecondCache = 384 * 1024;
constexpr int64_t kFirstCache = 8 * 1024;  // floats: with narrow rows, more of them fit even the L1 cache
constexpr int64_t kBlocksPerWorker = 4;

/// Terms of a pass over a panel.
int64_t depth_of_pass() {
  return simd::panel_width() <= kNarrowPanel ? kNarrowDepth : kDepth;
}

/// Each block of rows reads all panels anew, from memory: the larger, the better.
int64_t row_block(int64_t k) {
  const int64_t depth = std::max<int64_t>(k, 1);
  return std::max(std::clamp(kSecondCache / depth, kLeastRowBlock, kMostRowBlock), kFirstCache / depth);
}

/// Rows of C that one task computes: a block, or fewer so that every worker has some tasks.
int64_t plan_rows(int64_t m, int64_t k, int64_t panels, int64_t workers) {
  int64_t blocks = ceil_div(m, row_block(k));
  if (workers > 1) blocks = std::max(blocks, ceil_div(kBlocksPerWorker * workers, panels));
  return round_up(ceil_div(m, blocks), simd::kPanelRows);
}

/// Rows [row, row + rows) of the columns [column, column + columns), which are one panel or panels_at_once(). `next`:
/// the first column of what comes after it.
void multiply_block(const PackedProduct& g, const Epilogue& e, int64_t row, int64_t rows, int64_t column,
                    int64_t columns, int64_t next) {
  constexpr float kMost = std::numeric_limits<float>::infinity();
  const simd::Unary function = e.activation.function;
  simd::PanelProduct p{};
  p.a_stride = g.transpose_a ? 1 : g.lda;
  p.a_step = g.transpose_a ? g.lda : 1;
  p.rows = rows;
  p.columns = columns;
  p.panel_stride = simd::panel_stride(columns);
  p.panel_gap = p.panel_stride * g.k;
  p.c = g.c + row * g.ldc + column;
  p.c_stride = g.ldc;
  p.alpha = g.alpha;
  p.column_shift = e.column_shift != nullptr ? e.column_shift + column : nullptr;
  p.residual = e.residual != nullptr ? e.residual + row * e.residual_stride + column : nullptr;
  p.residual_stride = e.residual_stride;
  p.low = function == simd::Unary::kRelu ? 0 : function == simd::Unary::kClip ? e.activation.low : -kMost;
  p.high = function == simd::Unary::kClip ? e.activation.high : kMost;
  const float* panel = g.panels + column * g.k;
  const int64_t most = depth_of_pass();
  for (int64_t k = 0; k < g.k; k += most) {
    p.depth = std::min(most, g.k - k);
    p.a = g.a + row * p.a_stride + k * p.a_step;
    p.panel = panel + k * p.panel_stride;
    p.accumulate = k > 0;
    p.finish = k + p.depth == g.k;
    // Weights come from memory: the panel after this one is on its way while this one is computed with.
    p.next = p.finish ? g.panels + next * g.k : p.panel + p.depth * p.panel_stride;
    p.next_count = p.finish ? std::min(most, g.k) * simd::panel_stride(g.n - next)
                            : std::min(most, g.k - k - p.depth) * p.panel_stride;
    simd::multiply_panel(p);
  }
  const bool is_done =
      function == simd::Unary::kIdentity || function == simd::Unary::kRelu || function == simd::Unary::kClip;
  for (int64_t i = 0; i < rows && !is_done; ++i) simd::unary(e.activation, p.c + i * g.ldc, p.c + i * g.ldc, columns);
  e.finish(p.c, rows, columns, g.ldc, row, column);
}

}  // namespace

PackedB PackedB::of_operand(const sdk::TensorView& info, bool transposed) {
  if (!info.is_constant() || info.dtype() != TN_FLOAT || !info.has_rank() || info.rank() < 2) return {};
  for (int64_t i = 0; i < info.rank() - 2; ++i)
    if (info.dim(i) != 1) return {};
  const int64_t rows = info.dim(info.rank() - 2), columns = info.dim(info.rank() - 1);
  return transposed ? PackedB(columns, rows, true) : PackedB(rows, columns, false);
}

sdk::PackPlan PackedB::plan(uint32_t input) const {
  constexpr int64_t kSmall = 16 * 1024;  // floats: below it padding does not matter
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / 8;
  if (k_ < 1 || n_ < 1 || n_ > kMost) return {};
  const int64_t width = round_up(n_, simd::vector_width());
  if (width > kMost / k_) return {};
  if (width * k_ > kSmall && width - n_ > n_ / 8) return {};
  sdk::PackPlan plan;
  plan.byte_length = static_cast<uint64_t>(width * k_) * sizeof(float);
  plan.inputs = {input};
  // Asked of every kernel at every open: without a stream.
  plan.key = "cpu_blas.gemm_b/1 nr=" + std::to_string(simd::panel_width()) +
             " vector=" + std::to_string(simd::vector_width()) + (transposed_ ? " transposed=1" : " transposed=0") +
             " isa=" + simd::isa_name();
  return plan;
}

void PackedB::pack(const sdk::TensorView& matrix, void* panels) const {
  const int64_t row_step = transposed_ ? 1 : n_;
  const int64_t column_step = transposed_ ? k_ : 1;
  for (int64_t column = 0; column < n_; column += simd::panel_width()) {
    const int64_t columns = std::min(simd::panel_width(), n_ - column);
    simd::pack_panel(matrix.data<float>() + column * column_step, row_step, column_step, k_, columns,
                     static_cast<float*>(panels) + column * k_, round_up(columns, simd::vector_width()));
  }
}

void multiply_packed(sdk::RunContext& run, const PackedProduct& g, const Epilogue& e) {
  run.count_products(g.m, g.n, g.k);
  multiply_packed_uncounted(run, g, e);
}

void multiply_packed_uncounted(sdk::RunContext& run, const PackedProduct& g, const Epilogue& e) {
  if (g.m == 0 || g.n == 0) return;
  const int64_t width = simd::panel_width();
  int64_t group = width * simd::panels_at_once(g.m);
  if (run.max_workers() > 1 && ceil_div(g.n, group) < kBlocksPerWorker * run.max_workers()) group = width;
  const int64_t groups = ceil_div(g.n, group);
  const int64_t rows = group > width ? g.m : plan_rows(g.m, g.k, groups, run.max_workers());
  run.parallel_for(groups * ceil_div(g.m, rows), gemm_cost_ns(rows, group, g.k), [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t row = task / groups * rows, column = task % groups * group;
      const int64_t count = std::min(rows, g.m - row), last = std::min(column + group, g.n);
      const int64_t next = last < g.n || row + rows >= g.m ? last : 0;
      if (last - column == group) {
        multiply_block(g, e, row, count, column, group, next);
      } else {
        for (int64_t at = column; at < last; at += width)
          multiply_block(g, e, row, count, at, std::min(width, last - at), at + width < last ? at + width : next);
      }
    }
  });
}

void multiply_packed_columns(const PackedProduct& g, const Epilogue& e, int64_t begin, int64_t end) {
  if (g.m == 0) return;
  const int64_t width = simd::panel_width(), group = width * simd::panels_at_once(g.m);
  const int64_t block = row_block(g.k);
  for (int64_t row = 0; row < g.m; row += block) {
    const int64_t rows = std::min(block, g.m - row);
    const auto after = [&](int64_t column) {
      return column < end || row + rows >= g.m ? std::min(column, g.n) : begin;
    };
    int64_t column = begin;
    for (; group > width && column + group <= end; column += group)
      multiply_block(g, e, row, rows, column, group, after(column + group));
    for (; column < end; column += width)
      multiply_block(g, e, row, rows, column, std::min(width, end - column), after(column + width));
  }
}

}  // namespace tenon::cpu_blas
