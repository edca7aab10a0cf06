// What passes must know of a node's operator beyond its schema. Thread-safe.
#pragma once

#include "host/graph/graph.h"

namespace tenon::host {

/// Whether two runs of the node on the same inputs may differ.
bool is_random(const Node& node);
/// Whether all that it reads and computes are tensors, as only they cross to providers.
bool has_only_tensors(const Node& node);

}  // namespace tenon::host
