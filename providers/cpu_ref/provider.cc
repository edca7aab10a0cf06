// cpu_ref: every operator, plain and exact. Correctness first: one thread-safe kernel per operator, straight from the
// specification's formula. The table is kernels.inc; each family of operators has a folder.
#include <tenon/sdk/sdk.hpp>

#include "kernel_row.h"

namespace tenon::cpu_ref {

#define KERNEL(domain, op_type, since, last, types, memory, factory) \
  sdk::Result<sdk::KernelPtr> factory(const sdk::KernelInfo& info);
#include "kernels.inc"
#undef KERNEL

namespace {

constexpr tn_kernel_def kKernels[] = {
#define KERNEL(domain, op_type, since, last, types, memory, factory) \
  sdk::kernel_def<factory>(domain, #op_type, since, last, types, memory),
#include "kernels.inc"
#undef KERNEL
};

constexpr tn_provider kProvider = sdk::provider_table("cpu_ref", TENON_VERSION, kKernels);

}  // namespace
}  // namespace tenon::cpu_ref

TENON_EXPORT_PROVIDER("cpu_ref", TENON_VERSION, 0, tenon::cpu_ref::kProvider)
