// The number that a constant of one element is. Thread-safe.
#pragma once

#include <optional>

#include "host/graph/graph.h"

namespace tenon::host {

/// Of float, double, float16, bfloat16, int32 or int64, whatever its rank; nothing for any other value.
std::optional<double> number_of(const Value& value);

}  // namespace tenon::host
