// Reading weights ahead of a session's first run, where their files are not in memory. Thread-safe.
#pragma once

#include "host/runtime/program.h"

namespace tenon::host {

/// Where files that hold weights of `program` seem not to be in memory, by a look at a few of their pages, has the
/// system read what steps need, in the order of execution, on a thread that nobody waits for. Tables that are looked
/// up in are left alone. The thread keeps the files mapped, and nothing else of the session. No more is read than half
/// of what the process may use.
void read_ahead_of_run(const Program& program);

}  // namespace tenon::host
