// Looks operators up in the schema tables. The tables are sorted, constant, and need no work at load.
#include "host/graph/schema.h"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace tenon::host {
namespace {

struct DomainVersion {
  std::string_view domain;
  int64_t newest;
};

constexpr Arity kOne = Arity::kSingle;
constexpr Arity kOpt = Arity::kOptional;
constexpr Arity kMany = Arity::kVariadic;

#include "host/graph/schemas/contrib_schemas.inc"
#include "host/graph/schemas/onnx_schemas.inc"

constexpr auto key_of(const OpSchema& s) {
  return std::tuple(s.domain, s.op_type, int64_t{s.since_version});
}

const OpSchema* find_in(std::span<const OpSchema> table, std::string_view domain, std::string_view op_type,
                        int64_t opset) {
  const auto after = std::upper_bound(table.begin(), table.end(), std::tuple(domain, op_type, opset),
                                      [](const auto& key, const OpSchema& s) { return key < key_of(s); });
  if (after == table.begin()) return nullptr;
  const OpSchema& candidate = *std::prev(after);
  return candidate.domain == domain && candidate.op_type == op_type ? &candidate : nullptr;
}

}  // namespace

const OpSchema* find_schema(std::string_view domain, std::string_view op_type, int64_t opset) {
  if (const OpSchema* schema = find_in(kOnnxSchemas, domain, op_type, opset)) return schema;
  return find_in(kContribSchemas, domain, op_type, opset);
}

int64_t newest_opset(std::string_view domain) {
  for (const DomainVersion& d : kOnnxDomains)
    if (d.domain == domain) return d.newest;
  for (const DomainVersion& d : kContribDomains)
    if (d.domain == domain) return d.newest;
  return 0;
}

const FormalParameter* formal_parameter(std::span<const FormalParameter> formals, size_t i) {
  if (i < formals.size()) return &formals[i];
  return !formals.empty() && formals.back().arity == Arity::kVariadic ? &formals.back() : nullptr;
}

}  // namespace tenon::host
