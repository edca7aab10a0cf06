#include "tests/providers/walk/shared_operators.h"

#include <algorithm>
#include <map>
#include <set>

#include "host/plugins/loading/provider_library.h"

namespace tenon::walk {
namespace {

using host::OpSchema;

bool takes(const tn_kernel_def& def, const OpSchema& schema) {
  return schema.domain == def.domain && schema.op_type == def.op_type && def.since_version <= schema.since_version &&
         (def.last_version == 0 || schema.since_version <= def.last_version);
}

// Every version of the schemas that the lines of a table are of.
void add_schemas(const tn_provider& table, std::set<const OpSchema*>* schemas) {
  for (uint32_t i = 0; i < table.kernel_count; ++i) {
    const tn_kernel_def& def = table.kernels[i];
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
    const tn_type_rule& rule = def.types[r];
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

host::Result<std::vector<const OpSchema*>> schemas_of(const std::string& provider) {
  TENON_ASSIGN_OR_RETURN(const auto library, host::ProviderLibrary::find(provider));
  const tn_provider& table = library->table();
  std::set<const OpSchema*> found;
  add_schemas(table, &found);
  std::vector<const OpSchema*> schemas;
  for (const OpSchema* schema : found)
    if (std::any_of(table.kernels, table.kernels + table.kernel_count,
                    [&](const tn_kernel_def& def) { return takes(def, *schema); }))
      schemas.push_back(schema);
  std::sort(schemas.begin(), schemas.end(), [](const OpSchema* a, const OpSchema* b) {
    return std::tuple(a->domain, a->op_type, a->since_version) < std::tuple(b->domain, b->op_type, b->since_version);
  });
  return schemas;
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
      const auto line = std::find_if(table.kernels, table.kernels + table.kernel_count,
                                     [&](const tn_kernel_def& def) { return takes(def, *schema); });
      if (line == table.kernels + table.kernel_count) continue;
      op.providers.push_back(providers[p]);
      narrow(*line, &op.types);
    }
    if (op.providers.size() >= std::min<size_t>(providers.size(), 2) && op.providers.front() == providers.front())
      shared.push_back(std::move(op));
  }
  std::sort(shared.begin(), shared.end(), [](const SharedOperator& a, const SharedOperator& b) {
    return std::tuple(a.schema->domain, a.schema->op_type, a.schema->since_version) <
           std::tuple(b.schema->domain, b.schema->op_type, b.schema->since_version);
  });
  return shared;
}

}  // namespace tenon::walk
