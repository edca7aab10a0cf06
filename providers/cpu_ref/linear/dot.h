// Inner products and weighted sums of rows, in double and in 16-bit integers, as attention and the quantized products
// need them.
#pragma once

#include <algorithm>
#include <cstdint>

namespace tenon::cpu_ref {

/// The sum over i < count of a[i] * b[i], kept in eight parts, which the compiler can hold in vectors.
template <typename A, typename B>
double dot(const A* a, const B* b, int64_t count) {
  double sums[8] = {};
  int64_t i = 0;
  for (; i + 8 <= count; i += 8)
    for (int64_t lane = 0; lane < 8; ++lane) sums[lane] += double(a[i + lane]) * double(b[i + lane]);
  for (; i < count; ++i) sums[0] += double(a[i]) * double(b[i]);
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

/// totals[r] = the sum of a[k] * b[r * count + k] over k < count, modulo 2^32. Products of two 16-bit numbers and their
/// sums are what compilers have vectors for.
template <int64_t rows>
void dot_shorts(const int16_t* a, const int16_t* b, int64_t count, uint32_t* totals) {
  constexpr int64_t kSafe = 16384;  // so many products of what two bytes differ by fit into int32
  std::fill_n(totals, rows, 0u);
  for (int64_t begin = 0; begin < count; begin += kSafe) {
    const int64_t end = std::min(count, begin + kSafe);
    int32_t sums[rows] = {};
    for (int64_t k = begin; k < end; ++k)
      for (int64_t r = 0; r < rows; ++r) sums[r] += int32_t(a[k]) * int32_t(b[r * count + k]);
    for (int64_t r = 0; r < rows; ++r) totals[r] += uint32_t(sums[r]);
  }
}

/// Calls store(r, sum) with the sums that dot_shorts gives for each of `rows` rows of b.
template <typename Store>
void dot_short_rows(const int16_t* a, const int16_t* b, int64_t count, int64_t rows, Store&& store) {
  constexpr int64_t kAtATime = 4;  // so that each part of a is loaded for all of them
  uint32_t totals[kAtATime];
  int64_t r = 0;
  for (; r + kAtATime <= rows; r += kAtATime) {
    dot_shorts<kAtATime>(a, b + r * count, count, totals);
    for (int64_t i = 0; i < kAtATime; ++i) store(r + i, totals[i]);
  }
  for (; r < rows; ++r) {
    dot_shorts<1>(a, b + r * count, count, totals);
    store(r, totals[0]);
  }
}

/// sum[i] += weight * row[i] for i < count.
template <typename T>
void add_scaled(double weight, const T* row, int64_t count, double* sum) {
  for (int64_t i = 0; i < count; ++i) sum[i] += weight * double(row[i]);
}

}  // namespace tenon::cpu_ref
