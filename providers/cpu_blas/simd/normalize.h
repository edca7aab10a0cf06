// The rows of normalizations: their statistics, and their elements moved and scaled. Compiled for several instruction
// sets and chosen at run time. Rows need no alignment; y may be x. Thread-safe.
#pragma once

#include <cstdint>

namespace tenon::cpu_blas::simd {

struct Moments {
  double count = 0;
  double mean = 0;
  double squares = 0;  // the sum of squared distances from the mean
};

/// The moments of what `m` tells of and of n more floats, which are read once from memory.
void add_moments(const float* x, int64_t n, Moments* m);

/// y = (x - mean) * factor + shift, n elements.
void move_and_scale(const float* x, float mean, float factor, float shift, float* y, int64_t n);

/// y = x * factor * scale[i], n elements.
void scale_row(const float* x, float factor, const float* scale, float* y, int64_t n);

/// y = x + skip + bias; bias may be null.
void add_rows(const float* x, const float* skip, const float* bias, float* y, int64_t n);

/// Softmax along `length` rows that lie `step` apart, for each of the columns.
void softmax_columns(const float* x, float* y, int64_t length, int64_t step, int64_t columns);

}  // namespace tenon::cpu_blas::simd
