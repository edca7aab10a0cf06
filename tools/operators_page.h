// docs/operators.md: every operator that the host has a schema of, the forms that opsets gave it, what the host knows
// of it, and what providers have of it. From the tables alone; thread-safe.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace tenon::tools {

/// The page, in Markdown. `providers`: what `tenon providers` tells of each that was loaded; unusable ones get no
/// column.
std::string operators_page(const nlohmann::json& providers);

}  // namespace tenon::tools
