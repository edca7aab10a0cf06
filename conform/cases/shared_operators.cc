#include "conform/cases/shared_operators.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "host/plugins/loading/provider_library.h"
#include "host/plugins/loading/table_check.h"

namespace tenon::cases {
namespace {

using host::OpSchema;

bool takes(const tn_kernel_def& def, const OpSchema& schema) {
  return schema.domain == def.domain && schema.op_type == def.op_type && def.since_version <= schema.since_version &&
         (def.last_version == 0 || schema.since_version <= def.last_version);
}

// The first line that takes the schema; nullptr: none.
const tn_kernel_def* line_of(const tn_provider& table, const OpSchema& schema) {
  for (uint32_t i = 0; i < table.kernel_count; ++i)
    if (takes(host::kernel_def_at(table, i), schema)) return &host::kernel_def_at(table, i);
  return nullptr;
}

bool is_before(const OpSchema* a, const OpSchema* b) {
  return std::tuple(a->domain, a->op_type, a->since_version) < std::tuple(b->domain, b->op_type, b->since_version);
}

// Every version of the schemas that the lines of a table are of.
void add_schemas(const tn_provider& table, std::set<const OpSchema*>* schemas) {
  for (uint32_t i = 0; i < table.kernel_count; ++i) {
    const tn_kernel_def& def = host::kernel_def_at(table, i);
    for (int64_t opset = host::newest_opset(def.domain); opset > 0; --opset) {
      const OpSchema* schema = host::find_schema(def.domain, def.op_type, opset);
      if (schema == nullptr) break;
      if (!schema->deprecated) schemas->insert(schema);
      opset = schema->since_version;
    }
  }
}

// What the rules of `def` allow of what `types` allowed so far.
void narrow(const tn_kernel_def& def, std::vector<SharedOperator::Types>* types) {
  for (uint32_t r = 0; r < def.type_count; ++r) {
    const tn_type_rule& rule = host::type_rule_at(def, r);
    for (SharedOperator::Types& t : *types)
      if (t.parameter == rule.parameter)
        std::erase_if(t.common, [&](tn_dtype dtype) {
          return std::find(rule.dtypes, rule.dtypes + rule.count, dtype) == rule.dtypes + rule.count;
        });
  }
}

std::vector<SharedOperator::Types> types_of(const OpSchema& schema) {
  std::vector<SharedOperator::Types> types;
  for (const host::TypeConstraint& constraint : schema.constraints) {
    types.push_back({constraint.parameter, {}});
    for (int dtype = 0; dtype < 64; ++dtype)
      if ((constraint.tensor_types >> dtype & 1) != 0) types.back().common.push_back(static_cast<tn_dtype>(dtype));
  }
  return types;
}

}  // namespace

std::vector<SharedOperator::Types> types_of(const OpSchema& schema, const tn_provider& table) {
  std::vector<SharedOperator::Types> allowed;
  for (uint32_t i = 0; i < table.kernel_count; ++i) {
    const tn_kernel_def& def = host::kernel_def_at(table, i);
    if (!takes(def, schema)) continue;
    std::vector<SharedOperator::Types> of_line = types_of(schema);
    narrow(def, &of_line);
    if (allowed.empty()) {
      allowed = std::move(of_line);
      continue;
    }
    for (size_t p = 0; p < allowed.size(); ++p)
      for (const tn_dtype dtype : of_line[p].common)
        if (std::find(allowed[p].common.begin(), allowed[p].common.end(), dtype) == allowed[p].common.end())
          allowed[p].common.push_back(dtype);
  }
  return allowed.empty() ? types_of(schema) : allowed;
}

std::vector<const OpSchema*> schemas_of(const tn_provider& table) {
  std::set<const OpSchema*> found;
  add_schemas(table, &found);
  std::vector<const OpSchema*> schemas;
  for (const OpSchema* schema : found)
    if (line_of(table, *schema) != nullptr) schemas.push_back(schema);
  std::sort(schemas.begin(), schemas.end(), is_before);
  return schemas;
}

host::Result<std::vector<const OpSchema*>> schemas_of(const std::string& provider) {
  TENON_ASSIGN_OR_RETURN(const auto library, host::ProviderLibrary::find(provider));
  return schemas_of(library->table());
}

host::Result<std::vector<SharedOperator>> shared_operators(const std::vector<std::string>& providers) {
  std::vector<std::shared_ptr<host::ProviderLibrary>> libraries;
  std::set<const OpSchema*> schemas;
  for (const std::string& name : providers) {
    TENON_ASSIGN_OR_RETURN(auto library, host::ProviderLibrary::find(name));
    add_schemas(library->table(), &schemas);
    libraries.push_back(std::move(library));
  }
  std::vector<SharedOperator> shared;
  for (const OpSchema* schema : schemas) {
    SharedOperator op{schema, {}, types_of(*schema)};
    for (size_t p = 0; p < libraries.size(); ++p) {
      const tn_provider& table = libraries[p]->table();
      const tn_kernel_def* line = line_of(table, *schema);
      if (line == nullptr) continue;
      op.providers.push_back(providers[p]);
      narrow(*line, &op.types);
    }
    if (op.providers.size() >= std::min<size_t>(providers.size(), 2) && op.providers.front() == providers.front())
      shared.push_back(std::move(op));
  }
  std::sort(shared.begin(), shared.end(),
            [](const SharedOperator& a, const SharedOperator& b) { return is_before(a.schema, b.schema); });
  return shared;
}

}  // namespace tenon::cases
