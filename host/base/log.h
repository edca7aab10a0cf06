// The host's log. spdlog stays behind base/log.cc. Silent below warnings unless TENON_LOG names a level (trace, debug,
// info, warn, error, off); writes to standard error. Thread-safe.
#pragma once

#include <tenon/kernel_api/host.h>

#include <string_view>

#include "host/base/status.h"

namespace tenon::host {

/// Cheap enough to guard the making of a message.
bool log_enabled(tn_log_level level);
void log_message(tn_log_level level, std::string_view message);

template <typename... Parts>
void log(tn_log_level level, const Parts&... parts) {
  if (log_enabled(level)) log_message(level, concat(parts...));
}

}  // namespace tenon::host
