// Which operators only look at their first input in another way: each output holds elements of it that lie together, in
// their order, under another shape. Pure functions of shapes, attributes and small integer inputs, over the one shape
// rule of the operator; what becomes of a view is the caller's to decide. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "host/graph/graph.h"

namespace tenon::host {

/// Elements of the first input, from `offset` (in elements) on. They lie within it.
struct ElementView {
  std::vector<int64_t> shape;
  int64_t offset = 0;
};

/// One for each output; those that the node leaves out are empty. Nothing when the node computes something, or when its
/// types and constants do not tell.
std::optional<std::vector<ElementView>> views_of(const Node& node);

/// Whether output 0 surely has all elements of the first input in their order, and no other output is read.
bool is_whole_view(const Node& node);
/// The shape of output 0 of such a node for the tensors of a run, one for each input; nullptr: left out. Nothing when
/// they do not fit the operator.
std::optional<std::vector<int64_t>> whole_view_shape(const Node& node, std::span<const tn_tensor* const> inputs);

}  // namespace tenon::host
