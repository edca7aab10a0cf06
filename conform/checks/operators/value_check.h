// The outputs of a run beside the oracle's.
#pragma once

#include <optional>

#include "conform/checks/operators/trial.h"

namespace tenon::conform {

/// What is wrong about the outputs; nothing: they are right, or the case has no right answer.
std::optional<Breach> wrong_outputs(const KernelCase& c, const Trial& trial);

}  // namespace tenon::conform
