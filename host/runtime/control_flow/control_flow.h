// Runs the control-flow nodes If, Loop and Scan: the host's own, over tensors. Their subgraphs are run as programs of
// their own, one run after the other. Stateless; see host/runtime/executor.h.
#pragma once

#include "host/base/status.h"
#include "host/runtime/execution.h"
#include "host/runtime/program.h"
#include "host/runtime/run_state.h"

namespace tenon::host {

/// Runs step `s`, which is control flow that passed check_control_flow(). Afterwards its outputs are in `state`. Errors
/// name the inner node, and the iteration before it, but not the step.
Status run_control_flow(const Program& program, const Execution& execution, RunState& state, uint32_t s);

}  // namespace tenon::host
