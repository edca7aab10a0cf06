// What defines an operator by others where that depends on the node, its types and attributes. Stateless.
#pragma once

#include <string>

#include "host/base/status.h"
#include "host/graph/graph.h"

namespace tenon::host {

/// The opset of the operators in the texts.
constexpr int kNodeFunctionOpset = 18;

/// Whether there is one of the operator.
bool has_node_function(const OpSchema& schema);
/// The node's, in the form of function_body.h. Types must be inferred; TN_INVALID_MODEL says what does not fit the
/// operator.
Result<std::string> node_function(const Node& node);

}  // namespace tenon::host
