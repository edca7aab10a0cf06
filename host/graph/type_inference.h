// Element types of a node's outputs, from the schema's type parameters and, where those do not decide, from the
// attributes that each operator has for it. Stateless.
#pragma once

#include <optional>
#include <vector>

#include "host/graph/graph.h"

namespace tenon::host {

/// Kind and element type of a value; dimensions are not its concern.
struct ElementType {
  ValueType::Kind kind = ValueType::Kind::kTensor;
  tn_dtype dtype = TN_UNDEFINED;
  bool operator==(const ElementType&) const = default;
};

/// "float", "sequence(int64)".
std::string describe(const ElementType& type);

/// One entry per output of the node, nothing where the type stays unknown. TN_INVALID_MODEL: an input has a type that
/// the schema does not allow, or two inputs of one type parameter differ. The node needs a schema.
Result<std::vector<std::optional<ElementType>>> infer_types(const Node& node);

}  // namespace tenon::host
