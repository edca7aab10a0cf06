// The library cpu_blas/openblas.so: OpenBLAS and the table of what cpu_blas calls of it; see openblas.h.
#include <cblas.h>

#include "openblas/openblas.h"

namespace {

void sgemm(int layout, int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float* a, int lda,
           const float* b, int ldb, float beta, float* c, int ldc) {
  cblas_sgemm(static_cast<CBLAS_ORDER>(layout), static_cast<CBLAS_TRANSPOSE>(transpose_a),
              static_cast<CBLAS_TRANSPOSE>(transpose_b), m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

void sgemv(int layout, int transpose, int m, int n, float alpha, const float* a, int lda, const float* x, int x_step,
           float beta, float* y, int y_step) {
  cblas_sgemv(static_cast<CBLAS_ORDER>(layout), static_cast<CBLAS_TRANSPOSE>(transpose), m, n, alpha, a, lda, x, x_step,
              beta, y, y_step);
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const tenon::cpu_blas::OpenBlas TENON_OPENBLAS_SYMBOL;
const tenon::cpu_blas::OpenBlas TENON_OPENBLAS_SYMBOL = {sgemm, sgemv};
