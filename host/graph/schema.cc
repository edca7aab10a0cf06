// Looks operators up in the schema tables. The tables are sorted, constant, and need no work at load.
#include "host/graph/schema.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "host/graph/layout.h"
#include "host/graph/operators/facts.h"
#include "host/graph/schemas/tables.h"

namespace tenon::host {
namespace {

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

const OpSchema* first_in(std::span<const OpSchema> table, std::string_view domain, std::string_view op_type) {
  const auto first = std::lower_bound(table.begin(), table.end(), std::tuple(domain, op_type, int64_t{0}),
                                      [](const OpSchema& s, const auto& key) { return key_of(s) < key; });
  return first != table.end() && first->domain == domain && first->op_type == op_type ? &*first : nullptr;
}

// Operators of kChannelsLastDomain have the schemas of the ONNX domain.
const OpSchema* if_with_channels(const OpSchema* schema) {
  return schema != nullptr && facts_of(*schema).has(kHasChannels) ? schema : nullptr;
}

}  // namespace

const OpSchema* first_schema(std::string_view domain, std::string_view op_type) {
  if (domain == kChannelsLastDomain) return if_with_channels(first_schema("", op_type));
  if (const OpSchema* schema = first_in(schemas::kOnnxSchemas, domain, op_type)) return schema;
  return first_in(schemas::kContribSchemas, domain, op_type);
}

const OpSchema* find_schema(std::string_view domain, std::string_view op_type, int64_t opset) {
  if (domain == kChannelsLastDomain) return if_with_channels(find_schema("", op_type, opset));
  if (const OpSchema* schema = find_in(schemas::kOnnxSchemas, domain, op_type, opset)) return schema;
  return find_in(schemas::kContribSchemas, domain, op_type, opset);
}

int64_t newest_opset(std::string_view domain) {
  if (domain == kChannelsLastDomain) return newest_opset("");
  for (const schemas::DomainVersion& d : schemas::kOnnxDomains)
    if (d.domain == domain) return d.newest;
  for (const schemas::DomainVersion& d : schemas::kContribDomains)
    if (d.domain == domain) return d.newest;
  return 0;
}

std::span<const OpSchema> onnx_schemas() {
  return schemas::kOnnxSchemas;
}

std::span<const OpSchema> contrib_schemas() {
  return schemas::kContribSchemas;
}

}  // namespace tenon::host
