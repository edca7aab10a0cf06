// Sizes of the ABI's structs as version 1 has them. A receiver may rely on that much of a struct and no more, however
// far later headers let the struct grow.
#pragma once

#include <tenon/kernel_api/descriptor.h>
#include <tenon/kernel_api/provider.h>

#include <cstddef>

namespace tenon::host {

inline constexpr size_t kTensorSizeV1 = offsetof(tn_tensor, device_id) + sizeof(tn_tensor::device_id);
inline constexpr size_t kVtableSizeV1 = offsetof(tn_kernel_vtable, destroy) + sizeof(tn_kernel_vtable::destroy);
inline constexpr size_t kKernelDefSizeV1 = offsetof(tn_kernel_def, create) + sizeof(tn_kernel_def::create);
inline constexpr size_t kProviderSizeV1 = offsetof(tn_provider, device_id) + sizeof(tn_provider::device_id);
inline constexpr size_t kDescriptorSizeV1 = offsetof(tn_descriptor, version) + sizeof(tn_descriptor::version);

/// The versions of the ABI that this host speaks, inclusive.
inline constexpr uint32_t kMinAbiVersion = 1;
inline constexpr uint32_t kMaxAbiVersion = TN_ABI_VERSION;

}  // namespace tenon::host
