#include "openblas/product.h"

#include <cblas.h>

#include <algorithm>
#include <climits>

#include "openblas/openblas.h"
#include "simd/panel_gemm.h"

namespace tenon::cpu_blas {
namespace {

constexpr int64_t kWidePanel = 64;    // floats
constexpr int64_t kFewRows = 12;      // below it BLAS copies B for too few of them
constexpr int64_t kShortDepth = 128;  // beyond it the micro-kernels are level
constexpr int64_t kFewColumns = 8;    // a product of a matrix and few vectors

}  // namespace

bool is_for_openblas(const Gemm& g) {
  return simd::panel_width() < kWidePanel && g.m >= kFewRows && g.n >= kFewColumns && g.k > 0 && g.k <= kShortDepth &&
         g.alpha != 0;  // BLAS leaves the operands unread then, but 0 times NaN is NaN
}

sdk::Status check_openblas(const std::string& node, const Gemm& g) {
  if (std::max({g.m, g.n, g.k, g.lda, g.ldb, g.ldc}) > INT_MAX)
    return sdk::unsupported(node, ": a product of ", g.m, "x", g.k, " and ", g.k, "x", g.n,
                            " is larger than BLAS can count; split the tensor or run the node on cpu_ref");
  if (auto blas = openblas(); !blas.is_ok()) {
    const sdk::Status failure = blas.take_status();
    return sdk::Status(failure.code(), node + ": " + failure.message());
  }
  return {};
}

void blas_tile(const Gemm& g, int64_t m_begin, int64_t m_end, int64_t n_begin, int64_t n_end) {
  const OpenBlas& blas = *openblas().value();  // check_openblas() has seen it
  const auto op = [](bool transposed) { return transposed ? CblasTrans : CblasNoTrans; };
  blas.sgemm(CblasRowMajor, op(g.transpose_a), op(g.transpose_b), static_cast<int>(m_end - m_begin),
             static_cast<int>(n_end - n_begin), static_cast<int>(g.k), g.alpha,
             g.a + (g.transpose_a ? m_begin : m_begin * g.lda), static_cast<int>(g.lda),
             g.b + (g.transpose_b ? n_begin * g.ldb : n_begin), static_cast<int>(g.ldb), 0,
             g.c + m_begin * g.ldc + n_begin, static_cast<int>(g.ldc));
}

}  // namespace tenon::cpu_blas
