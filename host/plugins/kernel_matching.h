// Finds the lines of a provider's kernel table that fit a node. Immutable after construction; thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "host/graph/graph.h"
#include "host/plugins/provider.h"

namespace tenon::host {

class KernelIndex {
 public:
  /// Borrows `table`, which check_provider_table() has passed.
  explicit KernelIndex(const tn_provider& table);

  /// Lines whose operator, opset range and type rules fit the node, in the order of the table. When there is none,
  /// `reason` says what comes closest and where it falls short. For an operator that the host has no schema of, type
  /// rules cannot be looked up: the factory must judge.
  struct Match {
    std::vector<const tn_kernel_def*> lines;
    std::string reason;
  };
  Match match(const Node& node) const;

 private:
  std::unordered_map<std::string, std::vector<const tn_kernel_def*>> lines_by_operator_;
};

}  // namespace tenon::host
