// Attributes that name an element type.
#pragma once

#include <tenon/sdk/kernel.hpp>

namespace tenon::cpu_ref {

/// The attribute's element type; TN_UNDEFINED where it is left open. TN_INVALID_MODEL for a number that is of none.
inline sdk::Result<tn_dtype> dtype_attribute(const sdk::NodeView& node, const char* name) {
  const int64_t number = node.attr_int(name);
  if (number >= TN_UNDEFINED && number <= TN_FLOAT6E3M2) return static_cast<tn_dtype>(number);
  return sdk::invalid_model(name, " is ", number, ", expected the number of an element type");
}

}  // namespace tenon::cpu_ref
