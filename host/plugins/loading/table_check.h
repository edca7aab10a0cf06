// Holds what a plugin hands over against the rules of the ABI, before the host relies on any of it. Reads no further
// than the sizes that the plugin states. Thread-safe.
#pragma once

#include <tenon/kernel_api/provider.h>

#include "host/base/status.h"

namespace tenon::host {

/// TN_INTERNAL names the first member that breaks the rules, TN_UNSUPPORTED a memory kind that this host does not take.
Status check_provider_table(const tn_provider& table);
/// The same for the vtable of a kernel.
Status check_vtable(const tn_kernel_vtable* vtable);
/// The same for what create and compile hand over; its kernel may be NULL.
Status check_kernel_result(const tn_kernel_result& result);
/// The same for the answer of pack_plan.
Status check_pack_plan(const tn_pack_plan& plan);

/// The i-th line of the kernel table, stepping by the plugin's own size of a line.
const tn_kernel_def& kernel_def_at(const tn_provider& table, uint32_t i);
/// Likewise of a line's type rules, and of the options.
const tn_type_rule& type_rule_at(const tn_kernel_def& def, uint32_t i);
const tn_option& option_at(const tn_provider& table, uint32_t i);

}  // namespace tenon::host
