// The schema tables as the compiler sees them, for the lookups of schema.h and for what is bound to them; all others
// ask schema.h. Each table is sorted by domain, operator and version.
#pragma once

#include <cstdint>
#include <string_view>

#include "host/graph/schemas/op_schema.h"

namespace tenon::host::schemas {

struct DomainVersion {
  std::string_view domain;
  int64_t newest;
};

using std::string_view_literals::operator""sv;

inline constexpr Arity kOne = Arity::kSingle;
inline constexpr Arity kOpt = Arity::kOptional;
inline constexpr Arity kMany = Arity::kVariadic;

#include "host/graph/schemas/contrib_schemas.inc"
#include "host/graph/schemas/onnx_schemas.inc"

}  // namespace tenon::host::schemas
