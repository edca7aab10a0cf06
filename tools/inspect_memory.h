// `tenon inspect --memory MODEL|PID`: what a model holds once opened, or what a running process holds. Used by one
// thread.
#pragma once

#include "tools/support/session_flags.h"

namespace tenon::tools {

/// Takes flags.model for a process when it is a number and no file of that name exists.
bool inspect_memory(const SessionFlags& flags, bool as_json);

}  // namespace tenon::tools
