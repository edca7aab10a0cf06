// Pools over planes of floats. Compiled for several instruction sets and chosen at run time. Thread-safe.
#pragma once

#include <cstdint>
#include <tenon/sdk/geometry/window.hpp>

namespace tenon::cpu_blas::simd {

/// `count` planes of h.in x w.in at x, one behind the other, and of h.out x w.out at y. Strides 1 and 2 along rows are
/// fast.
struct PoolPlanes {
  sdk::WindowAxis h, w;
  const float* x;
  float* y;
  int64_t count;
};

/// The greatest input in each window: NaN where there is one, -infinity where the window lies in padding alone.
void max_pool(const PoolPlanes& planes);

/// The sum of each window times the factor of its place in the plane, h.out x w.out of them.
void average_pool(const PoolPlanes& planes, const float* factors);

}  // namespace tenon::cpu_blas::simd
