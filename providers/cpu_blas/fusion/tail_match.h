// The elementwise nodes behind a product that its kernel applies to each tile of the result.
#pragma once

#include "fusion/chain.h"
#include "programs/epilogue.h"

namespace tenon::cpu_blas {

/// Nodes in topological order and what they make of `start`.
struct TailMatch {
  sdk::ValueView start, end;
  std::vector<sdk::NodeView> nodes;  // empty: nothing follows; end is start
};

/// The most nodes behind `start`, a float value, such that all that read it or what they compute are among them, but
/// for the readers of `end`, and that each computes as many elements as `start` has, as far as the model tells.
TailMatch match_tail(const sdk::ValueView& start, const MayJoin& may_join);

/// The program of a match within `graph`, whose inputs are the kernel's.
sdk::Result<Tail> make_tail(const TailMatch& match, const sdk::GraphView& graph);

/// Appends the match to the chain.
void append_tail(const TailMatch& match, Chain* chain);

}  // namespace tenon::cpu_blas
