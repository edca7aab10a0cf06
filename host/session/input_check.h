// Checks what the application passes to a run against what the model declares. Pure functions.
#pragma once

#include <span>
#include <vector>

#include "host/session/session.h"

namespace tenon::host {

/// For each port the index of the tensor given for it. TN_INVALID_ARGUMENT for an unknown, missing or repeated name, a
/// wrong type, rank or dimension, a symbol that stands for two numbers, too few bytes, or misaligned data.
Result<std::vector<size_t>> match_inputs(const std::vector<Port>& ports, std::span<const NamedTensor> given);

/// For each wanted name the index of its port, all ports when nothing is named. TN_INVALID_ARGUMENT for unknown names.
Result<std::vector<size_t>> match_outputs(const std::vector<Port>& ports, std::span<const std::string> wanted);

}  // namespace tenon::host
