// The log and the providers that are installed, of the C++17 API; part of <tenon/tenon.hpp>. thread: any.
#pragma once

#include <tenon/environment.h>

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tenon/tensor.hpp>
#include <utility>
#include <vector>

namespace tenon {

using LogSink = std::function<void(tenon_log_level level, std::string_view message)>;

namespace detail {

struct LogTarget {
  std::mutex mutex;
  LogSink sink;
  static LogTarget& instance() {
    static auto* target = new LogTarget;  // threads may still log while the process ends
    return *target;
  }
  static void write(void* argument, int level, const char* message) {
    static_cast<LogTarget*>(argument)->sink(static_cast<tenon_log_level>(level), message);
  }
};

}  // namespace detail

/// Gives what is logged from `least` on to `sink`, see tenon_log_set; an empty one stands for standard error. The sink
/// may be called by several threads at once, and must neither throw nor call Tenon.
inline void set_log(LogSink sink, tenon_log_level least = TENON_LOG_DEFAULT) {
  detail::LogTarget& target = detail::LogTarget::instance();
  const std::lock_guard<std::mutex> lock(target.mutex);
  detail::check(tenon_log_set(nullptr, nullptr, TENON_LOG_OFF));  // nobody calls the sink that goes
  target.sink = std::move(sink);
  detail::check(tenon_log_set(target.sink ? detail::LogTarget::write : nullptr, &target, least));
}

struct ProviderOption {
  std::string name, values, default_value, help;
};

/// A line of a provider's kernel table; see tenon_provider_kernel.
struct ProviderKernel {
  std::string domain, op_type;
  int32_t since_version = 0, last_version = 0;
  std::map<std::string, std::vector<uint32_t>> types;  // numbers of tenon_dtype, by the parameter of the schema
};

struct ProviderInfo {
  std::string name, version, path;
  bool is_usable = false;
  std::string why_not;
  uint32_t min_abi = 0, max_abi = 0;  // 0: the file could not be read
  std::string cpu_features;           // that it needs, in words
  // Of providers that are loaded.
  uint32_t abi_version = 0;
  bool claims_nodes = false;
  std::vector<ProviderOption> options;
  std::vector<ProviderKernel> kernels;
  // Of crashed_providers().
  uint32_t crashes = 0;  // worker processes that its library ended
  std::string last_crash;
};

namespace detail {

inline ProviderKernel provider_kernel(const tenon_provider_list* list, size_t index, size_t number) {
  auto raw = sized<tenon_provider_kernel>();
  check(tenon_providers_kernel(list, index, number, &raw));
  ProviderKernel kernel{raw.domain, raw.op_type, raw.since_version, raw.last_version, {}};
  for (uint32_t t = 0; t < raw.type_count; ++t) {
    auto type = sized<tenon_kernel_type>();
    check(tenon_providers_kernel_type(list, index, number, t, &type));
    kernel.types[type.parameter].assign(type.dtypes, type.dtypes + type.dtype_count);
  }
  return kernel;
}

inline ProviderInfo provider_info(const tenon_provider_list* list, size_t index) {
  auto raw = sized<tenon_provider_info>();
  check(tenon_providers_get(list, index, &raw));
  ProviderInfo info;
  info.name = raw.name;
  info.version = raw.version;
  info.path = raw.path;
  info.is_usable = raw.is_usable != 0;
  info.why_not = raw.why_not;
  info.min_abi = raw.min_abi;
  info.max_abi = raw.max_abi;
  info.cpu_features = raw.cpu_features != nullptr ? raw.cpu_features : "";  // an older library
  info.abi_version = raw.abi_version;
  info.claims_nodes = raw.claims_nodes != 0;
  info.crashes = raw.crashes;
  info.last_crash = raw.last_crash != nullptr ? raw.last_crash : "";
  for (size_t i = 0; i < tenon_providers_option_count(list, index); ++i) {
    auto option = sized<tenon_provider_option>();
    check(tenon_providers_option(list, index, i, &option));
    info.options.push_back({option.name, option.values, option.default_value, option.help});
  }
  for (size_t i = 0; i < tenon_providers_kernel_count(list, index); ++i)
    info.kernels.push_back(provider_kernel(list, index, i));
  return info;
}

/// Takes over the list.
inline std::vector<ProviderInfo> provider_infos(tenon_provider_list* made) {
  const Handle<tenon_provider_list, tenon_providers_destroy> list(made);
  std::vector<ProviderInfo> found;
  for (size_t i = 0; i < tenon_providers_count(made); ++i) found.push_back(provider_info(made, i));
  return found;
}

inline std::vector<ProviderInfo> providers(const char* names) {
  tenon_provider_list* list = nullptr;
  check(tenon_providers(names, &list));
  return provider_infos(list);
}

inline ProviderInfo look_up(const std::string& name, int load) {
  tenon_provider_list* list = nullptr;
  check(tenon_provider_look_up(name.c_str(), load, &list));
  return provider_infos(list).at(0);
}

}  // namespace detail

/// The provider libraries on the search path, told from their files alone.
inline std::vector<ProviderInfo> list_providers() {
  return detail::providers(nullptr);
}
/// The providers of a list as Options::providers takes it, which are loaded for good.
inline std::vector<ProviderInfo> load_providers(const std::string& names) {
  return detail::providers(names.c_str());
}

/// One provider by name or path, told from its file alone.
inline ProviderInfo look_up_provider(const std::string& name) {
  return detail::look_up(name, 0);
}
/// Libraries that ended worker processes: after three times one is in quarantine, and not usable.
inline std::vector<ProviderInfo> crashed_providers() {
  tenon_provider_list* list = nullptr;
  detail::check(tenon_crashed_providers(&list));
  return detail::provider_infos(list);
}
/// Forgets the crashes of a library, by its provider's name or its path.
inline void lift_quarantine(const std::string& library) {
  detail::check(tenon_provider_lift_quarantine(library.c_str()));
}

/// The same loaded, for good.
inline ProviderInfo load_provider(const std::string& name) {
  return detail::look_up(name, 1);
}

}  // namespace tenon
