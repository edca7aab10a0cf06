// What passes may ask of a node's operator, answered from its facts. Nothing is true of a node without a schema.
// Thread-safe.
#pragma once

#include "host/graph/graph.h"

namespace tenon::host {

/// Whether two runs of the node on the same inputs may differ.
bool is_random(const Node& node);
/// Whether each element of the output is made of the elements at its place, of inputs broadcast as NumPy does.
bool is_elementwise(const Node& node);
/// Whether the node's first two inputs may change places.
bool is_commutative(const Node& node);
/// Whether the node's one attribute is its value.
bool is_constant_node(const Node& node);
/// Whether the node tells dimensions of its input, or how many elements it has, whatever these are.
bool tells_shape(const Node& node);
bool tells_count(const Node& node);
/// Whether the result is no more than a few numbers for each element of the inputs, though its size depends on values.
bool is_bounded_by_inputs(const Node& node);
/// Whether the node gives elements another type, often a wider one.
bool is_widening(const Node& node);
/// Whether all that it reads and computes are tensors, as only they cross to providers.
bool has_only_tensors(const Node& node);

}  // namespace tenon::host
