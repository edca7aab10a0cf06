// The host's log. spdlog stays behind base/log.cc. Silent below warnings unless TENON_LOG names a level (trace, debug,
// info, warn, error, off); writes to standard error, or to a sink of the application's. Thread-safe.
#pragma once

#include <tenon/kernel_api/host.h>

#include <string_view>

#include "host/base/status.h"

namespace tenon::host {

/// Cheap enough to guard the making of a message.
bool log_enabled(tn_log_level level);
void log_message(tn_log_level level, std::string_view message);

/// That of TENON_LOG, else warnings.
inline constexpr int kLogLevelOfEnvironment = -1;

/// Takes the log in the place of standard error. `write` may be called from any thread,
/// several at once, and must neither throw nor call the host.
struct LogSink {
  void (*write)(void* argument, int level, const char* message) = nullptr;  // level: tn_log_level
  void* argument = nullptr;
  int least = kLogLevelOfEnvironment;  // above TN_LOG_ERROR: nothing
};
/// `write` nullptr: standard error. When it returns, no call of the sink before is under way.
void set_log_sink(const LogSink& sink);

template <typename... Parts>
void log(tn_log_level level, const Parts&... parts) {
  if (log_enabled(level)) log_message(level, concat(parts...));
}

}  // namespace tenon::host
