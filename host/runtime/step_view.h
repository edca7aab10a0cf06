// Steps whose output has the elements of their input in the same order, under another shape: the host looks at the
// input's memory instead of having a kernel copy it. Used by the executor, in the thread of the run.
#pragma once

#include "host/runtime/program.h"
#include "host/runtime/run_state.h"

namespace tenon::host {

/// Makes output 0 of a step that is a view (Step::is_view) one of its input. False: what came does not fit the operator
/// or does not tell the shape, so its kernel has to run.
bool view_input(const Step& step, RunState& state);

}  // namespace tenon::host
