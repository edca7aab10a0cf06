// Finds the lines of a provider's kernel table that fit a node. Immutable after construction; thread-safe.
#pragma once

#include <tenon/kernel_api/provider.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/graph/graph.h"

namespace tenon::host {

class KernelIndex {
 public:
  /// Borrows `table`, which check_provider_table() has passed.
  explicit KernelIndex(const tn_provider& table);

  /// Lines whose operator, opset range and type rules fit the node, in the order of the table. When there is none,
  /// `reason` says what comes closest and where it falls short. Without a schema nothing says which
  /// input a rule is of: where the line has rules, each input must be of a type that one of them lists.
  struct Match {
    std::vector<const tn_kernel_def*> lines;
    std::string reason;
  };
  Match match(const Node& node) const;
  /// Whether a line is of the node's operator and version, whatever its types.
  bool has_operator(const Node& node) const;
  /// Whether a line is TN_KERNEL_PREFERRED.
  bool has_preferred() const { return has_preferred_; }

 private:
  struct Line {
    std::string_view op_type, domain;
    const tn_kernel_def* def;
  };
  std::span<const Line> lines_of(const Node& node) const;

  std::vector<Line> lines_;  // by operator, each operator's in the order of the table
  bool has_preferred_ = false;
};

}  // namespace tenon::host
