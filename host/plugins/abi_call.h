// Every call into a plugin goes through here: its tn_status becomes a Status, and an exception that it lets out becomes
// TN_INTERNAL instead of ending the process.
#pragma once

#include <exception>
#include <string_view>

#include "host/base/status.h"
#include "host/plugins/provider.h"

namespace tenon::host {

/// Runs `call`, which returns a tn_status*. `function` is for the message, which the caller puts into the context of
/// the provider. thread: any.
template <typename Call>
Status call_plugin(std::string_view function, Call&& call) {
  try {
    return adopt_status(call());
  } catch (const std::exception& e) {
    return error(TN_INTERNAL, "threw across the ABI in ", function, ": ", e.what(),
                 "; a plugin must catch its own exceptions");
  } catch (...) {
    return error(TN_INTERNAL, "threw across the ABI in ", function,
                 ": something that is no std::exception; a plugin must catch its own exceptions");
  }
}

}  // namespace tenon::host
