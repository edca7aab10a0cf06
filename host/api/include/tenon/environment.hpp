// The log and the providers that are installed, of the C++17 API; part of <tenon/tenon.hpp>. thread: any.
#pragma once

#include <tenon/environment.h>

#include <functional>
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

struct ProviderInfo {
  std::string name, version, path;
  bool is_usable = false;
  std::string why_not;
  std::vector<ProviderOption> options;  // of providers that were named
};

namespace detail {

inline std::vector<ProviderInfo> providers(const char* names) {
  tenon_provider_list* made = nullptr;
  check(tenon_providers(names, &made));
  const Handle<tenon_provider_list, tenon_providers_destroy> list(made);
  std::vector<ProviderInfo> found;
  for (size_t i = 0; i < tenon_providers_count(made); ++i) {
    auto raw = sized<tenon_provider_info>();
    check(tenon_providers_get(made, i, &raw));
    ProviderInfo info{raw.name, raw.version, raw.path, raw.is_usable != 0, raw.why_not, {}};
    for (size_t j = 0; j < tenon_providers_option_count(made, i); ++j) {
      auto option = sized<tenon_provider_option>();
      check(tenon_providers_option(made, i, j, &option));
      info.options.push_back({option.name, option.values, option.default_value, option.help});
    }
    found.push_back(std::move(info));
  }
  return found;
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

}  // namespace tenon
