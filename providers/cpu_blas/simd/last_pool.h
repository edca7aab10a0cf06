// Pools of tensors whose channels are last: vectors lie along channels. Windows 2, 3 and 5 wide at strides 1 and 2 are
// fast. Compiled for several instruction sets and chosen at run time. Thread-safe.
#pragma once

#include <cstdint>
#include <tenon/sdk/geometry/window.hpp>

namespace tenon::cpu_blas::simd {

/// One row of outputs, w.out pixels of `channels` floats, at least one of each.
struct LastPoolRow {
  sdk::WindowAxis w;  // along the row
  int64_t channels;
  const float* x;  // the first input row of `rows` that the window meets, w.in pixels
  int64_t rows;    // 0 where the window lies on padding alone
  int64_t x_step;  // floats between these
  float* y;        // must not overlap x
};

/// The greatest input in each window: NaN where there is one, -infinity where the window lies in padding alone.
void max_pool_row(const LastPoolRow& row);

/// The sum of each window times the factor of its place, w.out of them.
void average_pool_row(const LastPoolRow& row, const float* factors);

}  // namespace tenon::cpu_blas::simd
