// Element types of a node's outputs, from the schema's type parameters and, where those do not decide, from the
// operator's type rule. Stateless.
#pragma once

#include <optional>
#include <vector>

#include "host/graph/graph.h"
#include "host/graph/operators/type_rules.h"

namespace tenon::host {

/// One entry per output of the node, nothing where the type stays unknown. TN_INVALID_MODEL: an input has a type that
/// the schema does not allow, or two inputs of one type parameter differ. The node needs a schema.
Result<std::vector<std::optional<ElementType>>> infer_types(const Node& node);
/// TN_INVALID_MODEL unless the schema allows output i to be of the type.
Status check_output_type(const Node& node, size_t i, const ElementType& type);

}  // namespace tenon::host
