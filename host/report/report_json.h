// Parts of a report as JSON, for commands that print more than a report. Stateless.
#pragma once

#include "host/report/json_text.h"
#include "host/report/report.h"

namespace tenon::host {

void write_residency(JsonText& json, const ResidencyEntry& entry);

}  // namespace tenon::host
