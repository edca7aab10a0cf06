// Folding floats: rows into one, and rows that lie under each other into a row. Compiled for several instruction sets
// and chosen at run time. Arrays need no alignment. Thread-safe.
#pragma once

#include <cstdint>

namespace tenon::cpu_blas::simd {

enum class Fold { kSum, kMagnitudes, kSquares, kMax, kMin };

/// What n floats fold to: 0 or, of kMax and kMin, an infinity of none. A NaN makes NaN. Sums are taken in float over
/// some thousand elements at a time, and of those in double.
double fold_row(Fold fold, const float* x, int64_t n);

/// The same of `rows` rows of n floats behind each other.
void fold_each_row(Fold fold, const float* x, int64_t rows, int64_t n, float* y);

/// y[c] = the fold of x[r * step + c], r < rows, and, where `more`, of y[c]. Sums of more than some hundred rows are
/// sums of sums.
void fold_columns(Fold fold, const float* x, int64_t rows, int64_t step, int64_t columns, bool more, float* y);

/// The sum of e^(x - shift) over n floats, none of which is NaN or above the shift, which is finite.
double sum_of_powers(const float* x, int64_t n, float shift);

}  // namespace tenon::cpu_blas::simd
