// Parts of a report as JSON, for commands that print more than a report. Stateless.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "host/session/report.h"

namespace tenon::host {

nlohmann::ordered_json residency_json(const std::vector<ResidencyEntry>& residency);

}  // namespace tenon::host
