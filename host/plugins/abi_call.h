// Every call into a plugin goes through here: it is on record while it runs (plugin_call.h), its tn_status becomes a
// Status, and an exception that it lets out becomes TN_INTERNAL instead of ending the process.
#pragma once

#include <exception>

#include "host/base/status.h"
#include "host/plugins/plugin_call.h"
#include "host/plugins/provider.h"

namespace tenon::host {

/// Runs `body`, which is the call and returns a tn_status*. The caller puts the message into the context of the
/// provider. thread: any.
template <typename Body>
Status call_plugin(const PluginCall& call, Body&& body) {
  const char* function = phase_text(call.facts().phase);
  try {
    return adopt_status(body());
  } catch (const std::exception& e) {
    return error(TN_INTERNAL, "threw across the ABI in ", function, ": ", e.what(),
                 "; a plugin must catch its own exceptions");
  } catch (...) {
    return error(TN_INTERNAL, "threw across the ABI in ", function,
                 ": something that is no std::exception; a plugin must catch its own exceptions");
  }
}

}  // namespace tenon::host
