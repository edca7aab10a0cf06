// Float matrix products of activations, cut into tiles over the host's pool, with what follows the product (bias,
// scale, residual, activation) applied to each tile while it is in the cache. Thread-safe.
#pragma once

#include <tenon/sdk/run.hpp>

#include "gemm_operands.h"
#include "programs/epilogue.h"
#include "simd/elementwise.h"

namespace tenon::cpu_blas {

/// What is applied to each element of C: act(c * row_scale[m] + row_shift[m] + column_shift[n] + residual[m, n]), then
/// the tail. A null pointer stands for nothing; row and column shifts are not used together.
struct Epilogue {
  const float* row_scale = nullptr;
  const float* row_shift = nullptr;
  const float* column_shift = nullptr;
  const float* residual = nullptr;
  int64_t residual_stride = 0;  // elements between rows
  simd::Activation activation;
  const TailCall* tail = nullptr;
  int64_t tail_row = 0;  // which row of the tail's result C begins with

  /// The tail's part, of the tile at row m and column n of C.
  void finish(float* c, int64_t rows, int64_t columns, int64_t ldc, int64_t m, int64_t n) const {
    if (tail != nullptr) tail->apply(c, rows, columns, ldc, tail_row + m, n);
  }

  bool is_empty() const {
    return row_scale == nullptr && row_shift == nullptr && column_shift == nullptr && residual == nullptr &&
           activation.function == simd::Unary::kIdentity && tail == nullptr;
  }
};

/// To be called before the others: whether what computes such a product can; `node` starts the message where not.
sdk::Status check_gemm(const std::string& node, const Gemm& gemm);

/// Computes the tile [m_begin, m_end) x [n_begin, n_end) of C on the calling thread, with 64 KiB of its stack. Who
/// calls it counts for all tiles.
void gemm_tile(const Gemm& gemm, const Epilogue& epilogue, int64_t m_begin, int64_t m_end, int64_t n_begin,
               int64_t n_end);

/// Computes all of C, its tiles spread over the pool, and counts its operations.
void gemm(sdk::RunContext& run, const Gemm& gemm, const Epilogue& epilogue);

/// A rough duration of 2 * m * n * k floating-point operations, for parallel_for.
inline double gemm_cost_ns(int64_t m, int64_t n, int64_t k) {
  return static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k) / 40.0 + 500.0;
}

}  // namespace tenon::cpu_blas
