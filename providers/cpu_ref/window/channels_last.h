// A kernel of tensors with their channels second, for tensors with their channels last.
#pragma once

#include <tenon/sdk/kernel.hpp>

namespace tenon::cpu_ref {

/// Input 0 and the outputs of rank 3 and more have their channels last; `kernel` sees them in the second dimension.
sdk::KernelPtr for_channels_last(sdk::KernelPtr kernel);

}  // namespace tenon::cpu_ref
