// Which nodes providers want with their channels last.
#pragma once

#include "host/optimize/options.h"
#include "host/placement/placement.h"

namespace tenon::host {

/// A preference by the kernels that providers make and flag as TN_KERNEL_PREFERRED, in the user's order. `providers` must
/// outlive it. Not thread-safe.
LayoutPreference make_layout_preference(const ProviderList& providers);

}  // namespace tenon::host
