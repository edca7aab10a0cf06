// The plain product of two matrices, shared by MatMul, Gemm, Einsum and their kin.
#pragma once

#include <algorithm>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"
#include "shape_math.h"

namespace tenon::cpu_ref {

/// Element (r, c) lies at data[r * row_stride + c * column_stride].
template <typename T>
struct MatrixView {
  const T* data;
  int64_t row_stride;
  int64_t column_stride;
  T operator()(int64_t r, int64_t c) const { return data[r * row_stride + c * column_stride]; }
  bool has_whole_rows() const { return column_stride == 1; }
};

/// Element (r, c) lies at data[rows[r] + columns[c]].
template <typename T>
struct OffsetMatrix {
  const T* data;
  const int64_t* rows;
  const int64_t* columns;
  T operator()(int64_t r, int64_t c) const { return data[rows[r] + columns[c]]; }
  static constexpr int64_t row_stride = 0;  // its rows are never whole
  bool has_whole_rows() const { return false; }
};

// Rows of the left operand that are multiplied at a time, and columns of the right one: their sums stay in the nearest
// cache. A right operand whose rows do not lie element by element is copied, so many columns at a time.
constexpr int64_t kRowsAtATime = 4, kColumnsAtATime = 256, kPanelColumns = 64;

// Rows between two looks at whether the run is cancelled.
constexpr int64_t kRowsInOneGo = 32;

/// How many elements of scratch memory multiply_matrices takes.
template <typename B>
sdk::Result<int64_t> product_scratch(const B& b, int64_t M, int64_t N, int64_t K) {
  if (b.has_whole_rows() || M < kRowsAtATime) return int64_t(0);
  return multiply(K, std::min(N, kPanelColumns));
}

/// sums[r][c] += a(m + r, k) * b[c] + a(m + r, k + 1) * b[b_stride + c] ..., `depth` of them, for c < columns.
template <typename T, int64_t rows, int64_t depth, typename A>
void add_products(const A& a, int64_t m, int64_t k, const T* b, int64_t b_stride, int64_t columns,
                  Accumulator<T> (*sums)[kColumnsAtATime]) {
  const auto value = [](T v) { return static_cast<Accumulator<T>>(static_cast<Compute<T>>(v)); };
  Accumulator<T> left[rows][depth];
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t d = 0; d < depth; ++d) left[r][d] = value(a(m + r, k + d));
  for (int64_t c = 0; c < columns; ++c)
    for (int64_t d = 0; d < depth; ++d) {
      const Accumulator<T> right = value(b[d * b_stride + c]);
      for (int64_t r = 0; r < rows; ++r) sums[r][c] = wrapping_add(sums[r][c], wrapping_multiply(left[r][d], right));
    }
}

/// Calls store(m + r, c, sum over k of a(m + r, k) * b[k * b_stride + c]) for every r < rows and c < columns.
template <typename T, int64_t rows, typename A, typename Store>
void multiply_rows(const A& a, int64_t m, const T* b, int64_t b_stride, int64_t columns, int64_t K, Store&& store) {
  constexpr int64_t kDepth = 2;
  Accumulator<T> sums[rows][kColumnsAtATime];
  for (int64_t r = 0; r < rows; ++r) std::fill_n(sums[r], columns, Accumulator<T>(0));
  int64_t k = 0;
  for (; k + kDepth <= K; k += kDepth)
    add_products<T, rows, kDepth>(a, m, k, b + k * b_stride, b_stride, columns, sums);
  for (; k < K; ++k) add_products<T, rows, 1>(a, m, k, b + k * b_stride, b_stride, columns, sums);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c) store(m + r, c, sums[r][c]);
}

/// Calls store(m, n + c, sum over k of a(m, k) * b(k, n + c)) for every c < columns.
template <typename T, int64_t columns, typename A, typename B, typename Store>
void multiply_by_columns(const A& a, const B& b, int64_t m, int64_t n, int64_t K, Store&& store) {
  const auto value = [](T v) { return static_cast<Accumulator<T>>(static_cast<Compute<T>>(v)); };
  Accumulator<T> sums[columns] = {};
  for (int64_t k = 0; k < K; ++k) {
    const Accumulator<T> left = value(a(m, k));
    for (int64_t c = 0; c < columns; ++c) sums[c] = wrapping_add(sums[c], wrapping_multiply(left, value(b(k, n + c))));
  }
  for (int64_t c = 0; c < columns; ++c) store(m, n + c, sums[c]);
}

/// Calls store(m, n, sum over k of a(m, k) * b(k, n)) for every m < M, n < N. Sums are kept in Accumulator<T>: double
/// for floating point, wrapping 64-bit integers otherwise, and added in the order of k. `panel` is scratch memory of
/// product_scratch(b, M, N, K) elements. Counts the product's operations; thread: any.
template <typename T, typename A, typename B, typename Store>
void multiply_matrices(sdk::RunContext& run, const A& a, const B& b, int64_t M, int64_t N, int64_t K, T* panel,
                       Store store) {
  run.count_products(M, N, K);
  if (!b.has_whole_rows() && M < kRowsAtATime) {
    constexpr int64_t kSumsAtATime = 8;  // none of which waits for another
    for (int64_t m = 0; m < M; ++m) {
      int64_t n = 0;
      for (; n + kSumsAtATime <= N; n += kSumsAtATime) multiply_by_columns<T, kSumsAtATime>(a, b, m, n, K, store);
      for (; n < N; ++n) multiply_by_columns<T, 1>(a, b, m, n, K, store);
    }
    return;
  }
  const int64_t step = b.has_whole_rows() ? kColumnsAtATime : kPanelColumns;
  for (int64_t begin = 0; begin < N; begin += step) {
    const int64_t columns = std::min(step, N - begin);
    const T* right = panel;
    int64_t right_stride = columns;
    if (b.has_whole_rows()) {
      right = b.data + begin;
      right_stride = b.row_stride;
    } else {
      for (int64_t c = 0; c < columns; ++c)
        for (int64_t k = 0; k < K; ++k) panel[k * columns + c] = b(k, begin + c);
    }
    const auto store_at = [&](int64_t m, int64_t c, auto sum) { store(m, begin + c, sum); };
    int64_t m = 0;
    for (; m + kRowsAtATime <= M; m += kRowsAtATime)
      multiply_rows<T, kRowsAtATime>(a, m, right, right_stride, columns, K, store_at);
    for (; m < M; ++m) multiply_rows<T, 1>(a, m, right, right_stride, columns, K, store_at);
  }
}

}  // namespace tenon::cpu_ref
