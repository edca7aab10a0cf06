// Where packs lie that no disk can take: a folder of this user in the system's shared memory, so that the same code
// publishes, locks, verifies and evicts there. Thread-safe.
#pragma once

#include <filesystem>

#include "host/base/status.h"

namespace tenon::host {

/// TENON_SHM_DIR, else the user's own folder where the system keeps shared memory. It may be missing yet.
/// TN_UNSUPPORTED when the system has no such place.
Result<std::filesystem::path> shared_memory_folder();

}  // namespace tenon::host
