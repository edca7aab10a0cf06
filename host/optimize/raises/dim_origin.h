// Whether two dimensions without a number are the same in every run: by their names, or since both come from one
// dimension of one value. Only dimensions that follow from inputs and constants count. Thread-safe.
#pragma once

#include <cstddef>

#include "host/graph/graph.h"

namespace tenon::host {

/// Of values of known rank; looks through few nodes.
bool is_same_dim(const Value& a, size_t a_axis, const Value& b, size_t b_axis);

}  // namespace tenon::host
