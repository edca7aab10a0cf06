// Gathers what a session's report tells of its parts.
#pragma once

#include <map>

#include "host/session/placement.h"
#include "host/session/report.h"

namespace tenon::host {

/// Names, versions and node counts; needs report->placement.
void add_providers(const ProviderList& providers, SessionReport* report);

/// The initializers and their memory. `dropped`: constants that only exist packed, and the bytes they had.
void add_initializers(const Model& model, const std::map<const Value*, uint64_t>& dropped, SessionReport* report);

/// Private and shared memory of the whole process, from the system; takes milliseconds in a large process.
void add_process_memory(SessionReport* report);

}  // namespace tenon::host
