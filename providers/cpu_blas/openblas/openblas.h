// The functions of OpenBLAS that cpu_blas calls. OpenBLAS is a library of its own beside the provider, private to it,
// and is loaded at the first product of two activations: its start asks the CPU for its features and fills tables for
// every kind of CPU, which takes as long as opening a small model, and most models of convolutions never need it.
#pragma once

#include <tenon/sdk/status.hpp>

namespace tenon::cpu_blas {

/// cblas_sgemm and cblas_sgemv; enums of cblas.h cross as ints. Safe from several threads at once.
struct OpenBlas {
  void (*sgemm)(int layout, int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float* a, int lda,
                const float* b, int ldb, float beta, float* c, int ldc);
  void (*sgemv)(int layout, int transpose, int m, int n, float alpha, const float* a, int lda, const float* x,
                int x_step, float beta, float* y, int y_step);
};

/// The symbol of that type in the library cpu_blas/openblas.so beside libcpu_blas.so.
#define TENON_OPENBLAS_SYMBOL tenon_openblas

/// Loads it when first asked; stays loaded. TN_NOT_FOUND says what is missing. Thread-safe.
sdk::Result<const OpenBlas*> openblas();

}  // namespace tenon::cpu_blas
