// What a process holds, as far as can be told from outside. Thread-safe.
#pragma once

#include <vector>

#include "host/base/status.h"
#include "host/report/report.h"

namespace tenon::host {

/// One entry for each file that is mapped for sharing, as model and pack files are, and for each other kind; those
/// files first. pid 0: of this process. Errors as of read_memory_map().
Result<std::vector<ResidencyEntry>> process_residency(int pid);

}  // namespace tenon::host
