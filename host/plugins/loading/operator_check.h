// Holds the operators that a plugin describes against the rules of the ABI. Thread-safe.
#pragma once

#include <tenon/kernel_api/provider.h>

#include "host/base/status.h"

namespace tenon::host {

/// TN_INTERNAL names the operator and the first member that breaks the rules.
Status check_operators(const tn_provider& table);
/// The same for a list of type rules, of an operator or a line of the kernel table.
Status check_type_rules(const tn_type_rule* rules, uint32_t count, uint32_t stride);

}  // namespace tenon::host
