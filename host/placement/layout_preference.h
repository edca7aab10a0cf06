// Which nodes providers want with their channels last.
#pragma once

#include "host/optimize/options.h"
#include "host/placement/placement.h"

namespace tenon::host {

/// By the kernels of com.ms.internal.nhwc that providers make, in the user's order: flagged TN_KERNEL_PREFERRED they
/// are wanted, others taken, of a provider that flags any. `providers` must outlive it. Not thread-safe.
LayoutPreference make_layout_preference(const ProviderList& providers);

}  // namespace tenon::host
