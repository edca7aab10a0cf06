// The side of the runner that lives in the process of one check: how its outcome gets out, also from handlers of
// signals.
#pragma once

#include <functional>
#include <string_view>

#include "conform/checks/outcome.h"

namespace tenon::conform {

/// Runs the check and writes what came of it to `out`; ends the process. An exception that the check lets out is told
/// as a failure of the kit.
[[noreturn]] void run_child(int out, const std::function<Outcome()>& check);

/// Ends the process of the check as failed. async-signal-safe
[[noreturn]] void fail_from_signal(const char* finding, std::string_view message);

/// The outcome in the words that the child wrote; a text that is not whole is none.
bool parse_outcome(std::string_view text, Outcome* outcome);

}  // namespace tenon::conform
