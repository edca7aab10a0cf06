// What moving the channels of a value comes to. Pure functions.
#pragma once

#include <vector>

#include "host/graph/graph.h"

namespace tenon::host {

/// 0: unknown.
size_t rank_of(const Value& value);
/// Whether the value is a tensor that is known to have dimensions to move; it may be null.
bool has_layout(const Value* value);
bool is_read(const Value* value);
/// Whether its elements lie in one order in both layouts, so that a Transpose between them is a view.
bool lies_alike(const Value& value);
/// Whether it surely is one element, of any rank.
bool is_single_element(const Value& value);
/// Whether the constant is of one number, or of one for each of some dimension: moving that dimension moves no byte.
bool can_reshape(const Value& constant, size_t rank);
/// Whether the node is a Transpose of this order.
bool moves(const Node& node, const std::vector<int64_t>& perm);
/// Whether the node is a Reshape whose shape is an input, 0 in which copies a dimension.
bool is_plain_reshape(const Node& node);
/// The node of one output that alone reads the value, as its first input; nullptr: another one, or several read it.
Node* only_reader(const Value& value);
/// A value of no graph that is known as much of, with its channels last if `is_moved`.
Value stand_in(const Value& value, bool is_moved);

}  // namespace tenon::host
