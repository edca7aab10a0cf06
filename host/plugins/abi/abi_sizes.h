// Sizes of the ABI's structs as version 1 has them. A receiver may rely on that much of a struct and no more, however
// far later headers let the struct grow.
#pragma once

#include <tenon/kernel_api/descriptor.h>
#include <tenon/kernel_api/provider.h>
#include <tenon/kernel_api/run.h>

#include <cstddef>

namespace tenon::host {

/// Up to and with its last member of version 1.
#define TENON_SIZE_V1(type, member) (offsetof(type, member) + sizeof(type::member))
inline constexpr size_t kTensorSizeV1 = TENON_SIZE_V1(tn_tensor, device_id);
inline constexpr size_t kVtableSizeV1 = TENON_SIZE_V1(tn_kernel_vtable, destroy);
inline constexpr size_t kTypeRuleSizeV1 = TENON_SIZE_V1(tn_type_rule, dtypes);
inline constexpr size_t kKernelDefSizeV1 = TENON_SIZE_V1(tn_kernel_def, create);
inline constexpr size_t kOptionSizeV1 = TENON_SIZE_V1(tn_option, help);
inline constexpr size_t kProviderSizeV1 = TENON_SIZE_V1(tn_provider, operator_stride);
inline constexpr size_t kFormalSizeV1 = TENON_SIZE_V1(tn_formal, mixed);
inline constexpr size_t kAttributeSizeV1 = TENON_SIZE_V1(tn_attribute, default_strings);
inline constexpr size_t kOperatorSizeV1 = TENON_SIZE_V1(tn_operator, infer);
inline constexpr size_t kClaimSizeV1 = TENON_SIZE_V1(tn_claim, tag);
inline constexpr size_t kParallelSizeV1 = TENON_SIZE_V1(tn_parallel, arg);
inline constexpr size_t kRunApiSizeV1 = TENON_SIZE_V1(tn_run_api, stream);
inline constexpr size_t kDescriptorSizeV1 = TENON_SIZE_V1(tn_descriptor, version);
#undef TENON_SIZE_V1

/// The versions of the ABI that this host speaks, inclusive.
inline constexpr uint32_t kMinAbiVersion = 1;
inline constexpr uint32_t kMaxAbiVersion = TN_ABI_VERSION;

}  // namespace tenon::host
