// The operands of a float matrix product. Borrows them.
#pragma once

#include <cstdint>

namespace tenon::cpu_blas {

/// C (M x N, ldc) = alpha * op(A) op(B), row-major; op is the transpose where asked. Strides in elements.
struct Gemm {
  int64_t m = 0, n = 0, k = 0;
  const float* a = nullptr;
  int64_t lda = 0;
  bool transpose_a = false;
  const float* b = nullptr;
  int64_t ldb = 0;
  bool transpose_b = false;
  float* c = nullptr;
  int64_t ldc = 0;
  float alpha = 1;
};

}  // namespace tenon::cpu_blas
