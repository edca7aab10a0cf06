// Walks from a node along values that only one node reads, and recognizes constants on the way. No state.
#pragma once

#include <functional>
#include <tenon/sdk/graph.hpp>

#include "simd/elementwise.h"

namespace tenon::cpu_blas {

/// Says whether a node may join the group: unclaimed while claiming, a member while compiling.
using MayJoin = std::function<bool(const sdk::NodeView&)>;

/// A group being grown: its nodes from the first on, and the value that the last of them computes.
struct Chain {
  std::vector<sdk::NodeView> nodes;
  sdk::ValueView end;

  explicit Chain(const sdk::NodeView& first) : nodes{first}, end(first.output(0)) {}
  void append(const sdk::NodeView& node) {
    nodes.push_back(node);
    end = node.output(0);
  }
  /// "Conv+BatchNormalization+Relu".
  std::string label() const;
};

/// The one node that reads `value`, of this domain, and may join; an empty view when there is none or several.
sdk::NodeView only_reader(const sdk::ValueView& value, const MayJoin& may_join, std::string_view domain = "");

/// The operand of a two-input node that is not `value`; empty when both are.
sdk::ValueView other_operand(const sdk::NodeView& node, const sdk::ValueView& value);

/// The node's first output is the only one that is there.
bool has_one_output(const sdk::NodeView& node);

/// A float constant with data at hand.
bool is_float_constant(const sdk::ValueView& value);

/// Appends the Relu, or the Clip with constant bounds, that alone reads the chain's end; nothing happens without one.
void append_activation(const MayJoin& may_join, Chain* chain, simd::Activation* activation);

}  // namespace tenon::cpu_blas
