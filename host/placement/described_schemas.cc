#include "host/placement/described_schemas.h"

#include "host/graph/schema.h"

namespace tenon::host {

Status bind_described_schemas(Model& model, const ProviderList& providers) {
  return bind_described_schemas(model, [&](const Node& node, int64_t opset) -> Result<const OpSchema*> {
    for (const auto& provider : providers) {
      TENON_ASSIGN_OR_RETURN(const OpSchema* schema, provider->described(node, opset));
      if (schema != nullptr) return schema;
    }
    return static_cast<const OpSchema*>(nullptr);
  });
}

}  // namespace tenon::host
