// Copies a strided view of elements of 1, 2, 4, 8 or 16 bytes into a dense array. Thread-safe.
#pragma once

#include "common.h"

namespace tenon::cpu_blas {

/// to[i0, i1, ...] = from[offset + i0 * steps[0] + i1 * steps[1] + ...] over `shape`; offset and steps in elements.
void copy_strided_view(sdk::RunContext& run, const void* from, int64_t offset, const std::vector<int64_t>& steps,
                       const sdk::Shape& shape, size_t element_size, void* to);

}  // namespace tenon::cpu_blas
