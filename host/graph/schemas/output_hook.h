// How an operator that a provider describes tells of its outputs: what facts.inc says of the host's own operators.
#pragma once

#include <optional>
#include <vector>

#include "host/base/status.h"

namespace tenon::host {

struct Dim;
struct ElementType;
struct Node;

/// What is known of one output; nothing: it is not.
struct OutputFacts {
  std::optional<ElementType> type;
  std::optional<std::vector<Dim>> dims;
};

/// Used by one thread while a session opens.
class OutputHook {
 public:
  virtual ~OutputHook() = default;
  /// One entry per output of the node, from the current types and constants of its inputs.
  virtual Result<std::vector<OutputFacts>> infer(const Node& node) const = 0;
};

}  // namespace tenon::host
