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

/// The sum of a[k] * b[k], modulo 2^32. Products of two 16-bit numbers and their sums are what compilers have vectors
/// for.
inline uint32_t dot_of_shorts(const int16_t* a, const int16_t* b, int64_t count) {
  constexpr int64_t kSafe = 16384;  // so many products of what two bytes differ by fit into int32
  uint32_t total = 0;
  for (int64_t begin = 0; begin < count; begin += kSafe) {
    const int64_t end = std::min(count, begin + kSafe);
    int32_t sum = 0;
    for (int64_t k = begin; k < end; ++k) sum += int32_t(a[k]) * int32_t(b[k]);
    total += uint32_t(sum);
  }
  return total;
}

/// sum[i] += weight * row[i] for i < count.
template <typename T>
void add_scaled(double weight, const T* row, int64_t count, double* sum) {
  for (int64_t i = 0; i < count; ++i) sum[i] += weight * double(row[i]);
}

}  // namespace tenon::cpu_ref
