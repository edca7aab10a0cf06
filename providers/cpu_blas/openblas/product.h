// Products of activations on OpenBLAS, where that measured faster than the micro-kernels. Thread-safe.
#pragma once

#include <string>
#include <tenon/sdk/run.hpp>

#include "gemm_operands.h"

namespace tenon::cpu_blas {

/// Whether OpenBLAS computes such a product, and its parts: with the narrow panels of 16 registers, where K is short
/// beside the copies that both ways make. docs/gemm.md has the figures.
bool is_for_openblas(const Gemm& gemm);

/// To be called before blas_tile(). TN_UNSUPPORTED when a dimension or stride passes what BLAS can count (2^31 - 1),
/// TN_NOT_FOUND when OpenBLAS is not beside the provider. `node` starts the message.
sdk::Status check_openblas(const std::string& node, const Gemm& gemm);

/// alpha * op(A) op(B) of the tile [m_begin, m_end) x [n_begin, n_end), which is not empty, on the calling thread.
void blas_tile(const Gemm& gemm, int64_t m_begin, int64_t m_end, int64_t n_begin, int64_t n_end);

}  // namespace tenon::cpu_blas
