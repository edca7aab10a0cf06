#include "host/graph/schemas/op_schema.h"

namespace tenon::host {

const AttributeSchema* find_attribute(const OpSchema& schema, std::string_view name) {
  for (const AttributeSchema& a : schema.attributes)
    if (a.name == name) return &a;
  return nullptr;
}

const FormalParameter* formal_parameter(std::span<const FormalParameter> formals, size_t i) {
  if (i < formals.size()) return &formals[i];
  return !formals.empty() && formals.back().arity == Arity::kVariadic ? &formals.back() : nullptr;
}

}  // namespace tenon::host
