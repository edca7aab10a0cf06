// Data that the application gives for initializers in the place of the model's. Thread-safe.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "host/base/status.h"
#include "host/graph/graph.h"
#include "host/graph/port.h"

namespace tenon::host {

/// The tensor that is given for an initializer of the main graph that the model declares so: a view of the same bytes,
/// or a copy where they lie unaligned. Nothing: none is given. TN_INVALID_ARGUMENT: of another type or shape.
Result<std::optional<Tensor>> given_initializer(std::span<const NamedTensor> given, std::string_view name,
                                                tn_dtype dtype, const std::vector<int64_t>& dims);
/// Puts them in the place of those that were read; all must have a name of one. TN_INVALID_ARGUMENT, as above.
Status put_given_initializers(std::span<const NamedTensor> given, Graph& graph);

}  // namespace tenon::host
