// Where the views of operators begin that only look at their first input in another way. Pure functions of shapes,
// attributes and small integer inputs, asked when the operator's shape rule has set the context's outputs. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/graph/operators/rule_types.h"
#include "host/graph/shape_rules/shape_context.h"

namespace tenon::host::view_offsets {

using Offset = std::optional<int64_t>;  // in elements; nothing: no view, as far as is known

/// The dimensions when all are known.
std::optional<std::vector<int64_t>> known_shape(const std::optional<Dims>& dims);
/// The number of elements; nothing when it does not fit.
Offset count_of(const std::vector<int64_t>& shape);

/// All elements in their order, whatever the shapes are.
extern const ViewRule whole;
/// Operators that repeat elements or not: they do not where there are as many as before.
extern const ViewRule whole_if_as_many;
/// Where there is no other input.
extern const ViewRule whole_if_alone;
/// Where the type stated, or that of the second input, is the one that is there.
extern const ViewRule same_type, same_type_like;
/// Dropout outside of training.
extern const ViewRule inference;
/// A Transpose that moves nothing.
extern const ViewRule in_order;
extern const ViewRule split, slice, gather;

}  // namespace tenon::host::view_offsets
