// The kinds of rules that an operator may have in facts.inc. All are functions without state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "host/base/status.h"

namespace tenon::host {

class Graph;
class ShapeContext;
struct ElementType;
struct Node;
struct ValueType;

/// Sets what follows of the outputs' shapes; see shape_rules/rules.h.
using ShapeRule = Status (*)(ShapeContext&);

/// That each output holds elements of the first input that lie together, in their order; see view_offsets.h.
struct ViewRule {
  /// The element of the input that the output begins with; nothing: it is no view, as far as is known.
  std::optional<int64_t> (*offset)(const ShapeContext&, size_t output);
  bool may_cut = false;  // a view may lack elements
};

/// The element type of the outputs that no type parameter decides; nothing: unknown. See type_rules.h.
using TypeRule = Result<std::optional<ElementType>> (*)(const Node&);

/// The input that an output has type and shape of, where a list of them mixes types; nothing: there is none.
using SourceRule = std::optional<size_t> (*)(const Node&, size_t output);

/// Types that cross between a node and its subgraphs; see body_rules.h.
struct BodyRule {
  /// Gives the inputs of the subgraphs what the node's own inputs tell of them, where nothing is declared; may be null.
  void (*prepare)(const Node&, const std::vector<Graph*>& bodies);
  /// What the inferred subgraphs tell of the node's outputs, one entry per output.
  std::vector<std::optional<ValueType>> (*types)(const Node&, const std::vector<Graph*>& bodies);
};

}  // namespace tenon::host
