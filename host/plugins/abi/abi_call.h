// Every call into a plugin goes through here: it is on record while it runs (plugin_call.h), its tn_status becomes a
// Status, and an exception that it lets out becomes TN_INTERNAL instead of ending the process.
#pragma once

#include <string>

#include "host/base/exceptions.h"
#include "host/base/log.h"
#include "host/plugins/abi/abi_status.h"
#include "host/plugins/calls/plugin_call.h"

namespace tenon::host {

/// Runs `body`, which is the call and returns a tn_status*. The caller puts the message into the context of the
/// provider. thread: any.
template <typename Body>
Status call_plugin(const PluginCall& call, Body&& body) {
  try {
    return adopt_status(body());
  } catch (...) {
    return status_of_exception([&](const char* what) {
      return error(TN_INTERNAL, "threw across the ABI in ", phase_text(call.facts().phase), ": ", what,
                   "; a plugin must catch its own exceptions");
    });
  }
}

/// For destructors: what goes wrong in `body`, a call as above that hands back nothing, is only logged. `name`: of the
/// provider.
template <typename Body>
void call_plugin_and_log(const PluginCall& call, const std::string& name, Body&& body) noexcept {
  (void)guarded([&]() -> Status {
    const Status status = call_plugin(call, [&]() -> tn_status* { return body(), nullptr; });
    if (!status.is_ok()) log(TN_LOG_ERROR, "provider '", name, "': ", status.message());
    return {};
  });
}

}  // namespace tenon::host
