// Nodes of a graph as a graph of their own, for a process that has none of it. Used by one thread while a session
// opens.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "host/base/status.h"
#include "host/graph/graph.h"
#include "host/isolation/reach.h"

namespace tenon::host {

/// In the .ort schema; constants whose bytes are not in it are said by their index in `constants`.
struct GraphPart {
  std::vector<uint8_t> bytes;
  std::vector<Reached> constants;
};

/// The nodes, in topological order, all of one graph. What they read and none of them computes is an input; outputs are
/// `outputs`. Small constants are in the part itself; others, as well as those whose data are gone, are where `reach`
/// says.
Result<GraphPart> write_graph_part(std::span<const Node* const> nodes, std::span<const Value* const> outputs,
                                   const std::function<Result<Reached>(const Tensor&)>& reach);

}  // namespace tenon::host
