// Where the largest or smallest floats stand. Compiled for several instruction sets and chosen at run time. A NaN beats
// every number. Arrays need no alignment. Thread-safe.
#pragma once

#include <cstdint>

namespace tenon::cpu_blas::simd {

/// What is looked for: the largest or the smallest, the first of several or the last.
struct Pick {
  bool largest, last;
};

/// The index of one of n floats; n is at least 1.
int64_t pick_in_row(Pick pick, const float* x, int64_t n);

/// y[c] = the index r of x[r * step + c], r < length, for each of the columns; length is 1 to 2^31 - 1.
void pick_in_columns(Pick pick, const float* x, int64_t length, int64_t step, int64_t columns, int64_t* y);

/// The first i of [begin, n) at which x[i] is above `bound`, or below it where not the largest are looked for, or which
/// is NaN; n where there is none.
int64_t next_beyond(bool largest, const float* x, float bound, int64_t begin, int64_t n);

}  // namespace tenon::cpu_blas::simd
