// Runs a program's steps one after the other; parallelism is inside the kernels. Stateless: all that a run changes is
// in its RunState, and for the bodies of control flow in the states that Execution::pool lends.
#pragma once

#include "host/runtime/execution.h"
#include "host/runtime/run_state.h"

namespace tenon::host {

/// Runs all steps over the inputs that `state` holds. Afterwards `state` has the outputs, and in SlotValue::bytes the
/// size of every value. A kernel's error comes with node and provider before its message; TN_CANCELLED and
/// TN_DEADLINE_EXCEEDED name the node reached.
Status execute(const Program& program, const Execution& execution, RunState& state);

}  // namespace tenon::host
