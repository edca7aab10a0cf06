// cpu_blas: the fast provider for float models. Constant weights are packed for micro-kernels on Highway's vectors,
// chosen for the CPU at run time; products of two activations run on the same, or, where that is faster, on a private
// OpenBLAS inside the host's pool. The table is kernels.inc; groups of nodes are in fusion/.
#include <tenon/sdk/sdk.hpp>

#include "common.h"
#include "fusion/fusion.h"
#include "simd/isa.h"
#include "type_rules.h"

namespace tenon::cpu_blas {

#define KERNEL(domain, op_type, since, last, types, may_reuse_input, factory) \
  sdk::Result<sdk::KernelPtr> factory(const sdk::KernelInfo& info);
#include "kernels.inc"
#undef KERNEL

namespace {

/// Convolutions ask the host for channels last; what else takes them follows.
constexpr bool kPrefersChannelsLast = true;

constexpr uint32_t flags_of(std::string_view domain, std::string_view op_type) {
  const bool is_convolution = op_type == "Conv" || op_type == "ConvTranspose";
  const bool is_preferred = kPrefersChannelsLast && domain == kChannelsLastDomain && is_convolution;
  return is_preferred ? uint32_t{TN_KERNEL_PREFERRED} : 0;
}

constexpr tn_kernel_def kKernels[] = {
#define KERNEL(domain, op_type, since, last, types, may_reuse_input, factory)                    \
  sdk::kernel_def<factory>(domain, #op_type, since, last, types, sdk::reuses<may_reuse_input>(), \
                           flags_of(domain, #op_type)),
#include "kernels.inc"
#undef KERNEL
};

/// The one option is `isa`: the instruction set to run on, held while the instance lives.
sdk::Status take_options(sdk::Instance& instance) {
  for (const auto& [name, value] : instance.options)
    if (name != "isa")
      return sdk::invalid_argument("unknown option '", name, "': cpu_blas has one, isa, the instruction set to run on");
  const auto isa = instance.options.find("isa");
  TN_ASSIGN_OR_RETURN(instance.state, simd::hold_isa(isa == instance.options.end() ? "" : isa->second));
  return {};
}

constexpr tn_option kOptions[] = {
    sdk::option("isa", "names of instruction sets, such as avx2 and avx512", nullptr,
                "The instruction set to run on; without it the widest that the CPU has.")};

constexpr tn_provider kProvider = sdk::with_options(
    sdk::claiming_provider_table<claim_groups, compile_group, take_options>("cpu_blas", TENON_VERSION, kKernels),
    kOptions);

}  // namespace
}  // namespace tenon::cpu_blas

TENON_EXPORT_PROVIDER("cpu_blas", TENON_VERSION, 0, tenon::cpu_blas::kProvider)
