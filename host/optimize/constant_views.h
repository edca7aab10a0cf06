// Constants that only look at another constant's bytes: what a Reshape, a Split along the first dimension and their
// like make of a weight stays where the weight is, and nobody copies it. Thread-safe.
#pragma once

#include <optional>
#include <vector>

#include "host/graph/graph.h"

namespace tenon::host {

/// The outputs of the node as views of its first input, a constant; those that it leaves out are empty tensors. Nothing
/// when the node has to be computed. A part of private memory is no view: it would keep all of that alive.
std::optional<std::vector<Tensor>> constant_views(const Node& node);

}  // namespace tenon::host
