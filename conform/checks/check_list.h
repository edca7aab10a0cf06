// All checks of a provider, as tasks for the runner.
#pragma once

#include <vector>

#include "conform/checks/subject.h"
#include "conform/runner/schedule.h"

namespace tenon::conform {

/// `operators`: of the provider's tables.
std::vector<Task> list_checks(const Subject& subject, const std::vector<OperatorName>& operators);

/// The operators that the provider's tables have, in every form, read in a process of its own. Throws Breach where that
/// process fails.
std::vector<OperatorName> list_operators(const Subject& subject);

}  // namespace tenon::conform
