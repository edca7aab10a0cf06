// If: runs the branch that the condition names.
#include "host/runtime/control_flow/body_run.h"

namespace tenon::host {

Status run_if(ControlStep& control) {
  TENON_ASSIGN_OR_RETURN(const bool condition, ControlStep::truth_of(control.input(0), "the condition"));
  BodyRun branch(control, condition ? 0 : 1);
  auto results = branch.run({});
  if (!results.is_ok()) return results.status().with_context(condition ? "then_branch" : "else_branch");
  for (size_t i = 0; i < results->size(); ++i) TENON_RETURN_IF_ERROR(control.give(i, std::move((*results)[i])));
  return {};
}

}  // namespace tenon::host
