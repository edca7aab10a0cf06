// Functions over whole rows of floats: reductions, softmax, normalization. Compiled for several instruction sets and
// chosen at run time. Rows need no alignment. Thread-safe.
#pragma once

#include <cstdint>

namespace tenon::cpu_blas::simd {

/// The sum of n floats, in vector-wide partial sums.
float sum(const float* x, int64_t n);

/// y = e^(x - max x) / sum of those; y may be x. n is at least 1.
void softmax_row(const float* x, float* y, int64_t n);

/// y = (x - mean) / sqrt(variance + epsilon) * scale + bias; y may be x; bias may be null. Gives mean and
/// 1 / sqrt(variance + epsilon).
void layer_norm_row(const float* x, const float* scale, const float* bias, float epsilon, float* y, int64_t n,
                    float* mean, float* inverse_deviation);

/// `rows` rows of n outputs and the inputs that one position of a sliding window brings to them; stride 1 and 2 are
/// fast.
struct WindowRows {
  const float* x;
  int64_t x_row;   // from a row's first input to the next row's
  int64_t stride;  // from one input to the next
  float* y;
  int64_t y_row;
  int64_t rows, n;
};

/// y[r][i] += x[r][i * stride] * weight.
void multiply_add_rows(const WindowRows& rows, float weight);

/// y[i] = x[i * stride], n elements; stride 1 and 2 are fast.
void copy_strided(const float* x, int64_t stride, float* y, int64_t n);

}  // namespace tenon::cpu_blas::simd
