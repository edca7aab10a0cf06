// Defines a provider from a kernel table and, if it has them, claim and compile functions.
//
//   constexpr tn_kernel_def kKernels[] = {kernel_def<make_relu>("", "Relu", 6, 0)};
//   constexpr tn_provider kProvider = provider_table("mine", "1.0", kKernels);
//   TENON_EXPORT_PROVIDER("mine", "1.0", 0, kProvider)
#pragma once

#include <tenon/kernel_api/descriptor.h>
#include <tenon/kernel_api/provider.h>

#include <tenon/sdk/kernel.hpp>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

/// Claims groups of nodes and refuses single ones. thread: open.
using ClaimFunction = Status (*)(const Instance& instance, const GraphView& graph, Claims& claims);
/// Makes the kernel of a group that the claim function took; its inputs and outputs are the group's. thread: open.
using CompileFunction = Result<KernelPtr> (*)(const Instance& instance, const GroupInfo& group);
/// Checks the options of a new instance. thread: any.
using OptionsFunction = Status (*)(const Options& options);
/// The same, for a provider whose instances keep something: checks `instance.options` and fills `instance.state`.
using InstanceFunction = Status (*)(Instance& instance);

/// Accepts no option at all.
inline Status no_options(const Options& options) {
  if (options.empty()) return {};
  return invalid_argument("unknown option '", options.begin()->first, "': this provider has no options");
}

namespace detail {

template <auto check_options>
tn_status* provider_create(const tn_instance_request* request, tn_provider_instance** out) {
  const tn_host* host = request->host;
  return guard(host, [&]() -> Status {
    auto instance = std::make_unique<Instance>();
    instance->host = host;
    instance->max_workers = request->max_workers;
    instance->memory_limit = request->memory_limit;
    instance->model_name = view(request->model_name);
    for (size_t i = 0; i < request->option_count; ++i)
      instance->options.emplace(view(request->option_names[i]), view(request->option_values[i]));
    if constexpr (std::is_invocable_v<decltype(check_options), Instance&>) {
      TN_RETURN_IF_ERROR(check_options(*instance));
    } else {
      TN_RETURN_IF_ERROR(check_options(instance->options));
    }
    *out = reinterpret_cast<tn_provider_instance*>(instance.release());
    return {};
  });
}

inline void provider_destroy(tn_provider_instance* raw) {
  delete reinterpret_cast<Instance*>(raw);
}

template <ClaimFunction claim>
tn_status* provider_claim(tn_provider_instance* raw, const tn_graph* graph, tn_claims* claims) {
  Instance* instance = reinterpret_cast<Instance*>(raw);
  return guard(instance->host, [&] {
    Claims collector(instance->host, claims);
    return claim(*instance, GraphView(instance->host, graph), collector);
  });
}

template <CompileFunction compile>
tn_status* provider_compile(tn_provider_instance* raw, const tn_kernel_request* request, tn_kernel_result* result) {
  const Instance& instance = *reinterpret_cast<Instance*>(raw);
  return make_kernel(instance, result,
                     [&](KernelTerms* terms) { return compile(instance, GroupInfo(instance, *request, terms)); });
}

}  // namespace detail

/// A provider without group claims. `check_options`: an OptionsFunction or an InstanceFunction.
template <auto check_options = no_options, size_t N>
constexpr tn_provider provider_table(const char* name, const char* version, const tn_kernel_def (&kernels)[N]) {
  return tn_provider{sizeof(tn_provider),
                     TN_ABI_VERSION,
                     name,
                     version,
                     kernels,
                     static_cast<uint32_t>(N),
                     sizeof(tn_kernel_def),
                     detail::provider_create<check_options>,
                     detail::provider_destroy,
                     nullptr,
                     nullptr,
                     nullptr,
                     nullptr,
                     0,
                     sizeof(tn_option),
                     nullptr,
                     nullptr,
                     0,
                     sizeof(tn_operator)};
}

/// A provider that claims groups of nodes and compiles each into one kernel.
template <ClaimFunction claim, CompileFunction compile, auto check_options = no_options, size_t N>
constexpr tn_provider claiming_provider_table(const char* name, const char* version,
                                              const tn_kernel_def (&kernels)[N]) {
  tn_provider p = provider_table<check_options>(name, version, kernels);
  p.claim = detail::provider_claim<claim>;
  p.compile = detail::provider_compile<compile>;
  return p;
}

/// One entry of a provider's list of options; see tn_option.
constexpr tn_option option(const char* name, const char* values, const char* default_value, const char* help) {
  return tn_option{sizeof(tn_option), 0, name, values, default_value, help};
}
/// The table with a list of its options, which has static storage.
template <size_t N>
constexpr tn_provider with_options(tn_provider table, const tn_option (&options)[N]) {
  table.options = options;
  table.option_count = static_cast<uint32_t>(N);
  return table;
}

/// The table with the operators that the provider describes, which have static storage.
template <size_t N>
constexpr tn_provider with_operators(tn_provider table, const tn_operator (&operators)[N]) {
  table.operators = operators;
  table.operator_count = static_cast<uint32_t>(N);
  return table;
}

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk

/// Exports `table` (a constexpr tn_provider) under `name` and `version`; once per library, at file scope.
/// `cpu_features`: what the library needs to be loaded at all (TN_CPU_..., usually 0).
#define TENON_EXPORT_PROVIDER(name, version, cpu_features, table)                                           \
  TN_DESCRIPTOR(name, version, cpu_features);                                                               \
  extern "C" TN_EXPORT const tn_provider* tenon_provider_entry(const tn_host* host, uint32_t max_version) { \
    return host != nullptr && max_version >= 1 ? &(table) : nullptr;                                        \
  }
