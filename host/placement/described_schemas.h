// Schemas of operators that the host does not know, from the providers of a session.
#pragma once

#include "host/placement/placement.h"

namespace tenon::host {

/// Binds each node without a schema to that of the first provider that describes its operator, and checks it. The
/// providers must outlive the model. Deferred ones are loaded only where there is such a node.
Status bind_described_schemas(Model& model, const ProviderList& providers);

}  // namespace tenon::host
