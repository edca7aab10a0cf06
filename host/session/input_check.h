// Checks what the application passes to a run against what the model declares. Pure functions.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "host/graph/port.h"
#include "host/runtime/bound_outputs.h"

namespace tenon::host {

/// For each port the index of the value given for it. TN_INVALID_ARGUMENT for an unknown, missing or repeated name, a
/// wrong kind, type, rank or dimension, too few bytes, or misaligned data. SIZE_MAX: not given, and the port has a
/// default.
Result<std::vector<size_t>> match_inputs(const std::vector<Port>& ports, std::span<const NamedValue> given);

/// The name of a dimension that stood for two numbers in one run. Exporters give one name to unrelated dimensions ("?",
/// "None", "dynamic"), so that is no error.
struct NameClash {
  std::string symbol, text;  // the text names both inputs and sizes
};
/// The clashes among the values that match_inputs() found for the ports; of each name the first.
std::vector<NameClash> find_name_clashes(const std::vector<Port>& ports, std::span<const NamedValue> given,
                                         std::span<const size_t> found);

/// For each wanted name the index of its port, all ports when nothing is named. TN_INVALID_ARGUMENT for unknown names.
Result<std::vector<size_t>> match_outputs(const std::vector<Port>& ports, std::span<const std::string> wanted);

/// The outputs that the caller binds, which must be among the wanted ones. TN_INVALID_ARGUMENT for unknown or repeated
/// names, and for too few bytes. The memory is that of `bound`.
Result<std::vector<OutputTarget>> match_bound(const std::vector<Port>& ports, std::span<const size_t> wanted,
                                              std::span<const BoundOutput> bound);

}  // namespace tenon::host
