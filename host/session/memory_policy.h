// Asks the system for what a MemoryPolicy wants. Thread-safe.
#pragma once

#include <string>
#include <vector>

#include "host/report/residency.h"
#include "host/session/options.h"

namespace tenon::host {

/// Applies `policy` to the files and packed weights held. Returns a note for each thing asked for: what was done, or why
/// not and the mend. Prefetching takes as long as reading the files does.
std::vector<std::string> apply_memory_policy(const MemoryPolicy& policy, const HeldMemory& held);

}  // namespace tenon::host
