// Gathers what a session's report tells of its parts.
#pragma once

#include "host/placement/placement.h"
#include "host/report/report.h"

namespace tenon::host {

/// Names, versions and node counts; needs report->placement.
void add_providers(const ProviderList& providers, SessionReport* report);

/// The initializers and their memory.
void add_initializers(const Model& model, SessionReport* report);

/// Private and shared memory of the whole process, from the system; takes milliseconds in a large process.
void add_process_memory(SessionReport* report);

}  // namespace tenon::host
