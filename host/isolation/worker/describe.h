// The operators that a provider describes, for the host of a worker. Thread-safe.
#pragma once

#include <tenon/kernel_api/provider.h>

#include "host/isolation/protocol_generated.h"

namespace tenon::host {

/// Of a table that check_provider_table() has passed.
std::vector<std::unique_ptr<wire::OperatorT>> described_operators(const tn_provider& table);

}  // namespace tenon::host
