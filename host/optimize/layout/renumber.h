// Operators that name axes, or say something for each axis: what such a node is to say where the tensors that it works
// on have their channels last, so that it computes what it did. An operator is a row of kAxisOperators (renumber.cc).
// Pure functions.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "host/graph/graph.h"

namespace tenon::host {

struct Renumbered {
  std::vector<Attribute> attributes;                 // all that the node has then
  std::vector<std::pair<size_t, Tensor>> constants;  // inputs that are these then; one may lie behind the last input
  bool reads_all = false;                            // of its inputs all are moved, else the first
  bool moves_results = true;                         // else the results are what they were
  bool grows = false;                                // the results may be much larger than what it reads
};

/// Of a node whose inputs that are moved have `rank` dimensions, 3 or more. Nothing: of another operator, or what it
/// says of axes is not known, or it adds up elements in another order then.
Result<std::optional<Renumbered>> renumber(const Node& node, size_t rank);

}  // namespace tenon::host
