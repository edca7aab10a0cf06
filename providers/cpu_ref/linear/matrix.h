// The plain product of two matrices given by strides, shared by MatMul, Gemm and their kin.
#pragma once

#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"

namespace tenon::cpu_ref {

/// Element (r, c) lies at data[r * row_stride + c * column_stride].
template <typename T>
struct MatrixView {
  const T* data;
  int64_t row_stride;
  int64_t column_stride;
};

/// Calls store(m, n, sum over k of a(m, k) * b(k, n)) for every m < M, n < N. Sums are kept in Accumulator<T>: double
/// for floating point, wrapping 64-bit integers otherwise. `sums` is scratch memory for N accumulators.
template <typename T, typename Store>
void multiply_matrices(MatrixView<T> a, MatrixView<T> b, int64_t M, int64_t N, int64_t K, Accumulator<T>* sums,
                       Store store) {
  using Sum = Accumulator<T>;
  const auto value = [](T v) { return static_cast<Sum>(static_cast<Compute<T>>(v)); };
  for (int64_t m = 0; m < M; ++m) {
    const T* row = a.data + m * a.row_stride;
    for (int64_t n = 0; n < N; ++n) sums[n] = 0;
    if (b.column_stride == 1) {
      for (int64_t k = 0; k < K; ++k) {
        const Sum left = value(row[k * a.column_stride]);
        const T* right = b.data + k * b.row_stride;
        for (int64_t n = 0; n < N; ++n) sums[n] = wrapping_add(sums[n], wrapping_multiply(left, value(right[n])));
      }
    } else {
      for (int64_t n = 0; n < N; ++n) {
        const T* right = b.data + n * b.column_stride;
        for (int64_t k = 0; k < K; ++k)
          sums[n] =
              wrapping_add(sums[n], wrapping_multiply(value(row[k * a.column_stride]), value(right[k * b.row_stride])));
      }
    }
    for (int64_t n = 0; n < N; ++n) store(m, n, sums[n]);
  }
}

}  // namespace tenon::cpu_ref
