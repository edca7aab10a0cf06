// One node test, and what runs it against a provider list. Used by one thread.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "host/plugins/provider.h"
#include "tests/conformance/isolated.h"
#include "tools/support/compare.h"

namespace tenon::conformance {

struct NodeCase {
  std::string name;
  std::filesystem::path folder;  // model.onnx or model.ort, and test_data_set_*
  tools::Tolerance tolerance;
  bool has_data = true;  // false: some input or output is of a kind that is not exported
};

class NodeRunner {
 public:
  /// Throws std::runtime_error when a provider of the list cannot be loaded.
  explicit NodeRunner(const std::string& providers);

  /// A case is covered when some provider has a kernel for each of its operators, whatever its opset and types or
  /// the host runs it.
  Outcome run(const NodeCase& node_case) const;

 private:
  std::string missing_in(const host::Graph& graph) const;

  std::string providers_;
  std::set<std::string> operators_;  // "domain:op_type"
};

}  // namespace tenon::conformance
