// What nbits_shapes holds the joint blob against: products with 4-bit weights read where the operator's inputs lie.
#pragma once

#include "matmul/nbits_weight.h"

namespace tenon::bench {

/// y (m x n) = a (m x k) W by dot products of columns, four at a time, of weights without zero points in blocks of a
/// multiple of 32 that divides k; at most four rows share an expanded weight. `halves`: m x k floats of scratch.
void multiply_in_place(sdk::RunContext& run, const cpu_blas::NBitsFormat& format, const cpu_blas::NBitsSources& weight,
                       const float* a, int64_t m, float* halves, float* y);

}  // namespace tenon::bench
