// Lowering: from nodes to the instructions of a program. What each operator comes to is a row of operators.inc. Used
// while a session opens, by one thread.
#pragma once

#include <optional>

#include "programs/lowering.h"

namespace tenon::cpu_blas {

/// What a node takes up in a program.
struct NodeSize {
  size_t instructions = 0, inputs = 0;
};
/// Nothing where a group's program cannot have the node, by operator, version, types and attributes. Cheap where the
/// operator is none.
std::optional<NodeSize> size_in_program(const sdk::NodeView& node);

}  // namespace tenon::cpu_blas
