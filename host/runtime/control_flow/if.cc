// If: runs the branch that the condition names.
#include "host/runtime/control_flow/body_run.h"
#include "host/runtime/host_ops/host_operator.h"
#include "host/runtime/host_ops/node_check.h"
#include "host/runtime/host_ops/operators.h"

namespace tenon::host {

Status check_if(const Node& node) {
  const std::vector<Graph*> branches = host_bodies(node);
  if (branches.size() != 2)
    return error(TN_INVALID_MODEL, "it has ", branches.size(), " branches, expected then_branch and else_branch");
  TENON_RETURN_IF_ERROR(check_count("its list of inputs", node.inputs.size(), 1, "an If reads its condition only"));
  TENON_RETURN_IF_ERROR(check_given(node, 0));
  TENON_RETURN_IF_ERROR(check_tensors("input", node.inputs));
  for (const Graph* branch : branches) {
    TENON_RETURN_IF_ERROR(check_count("the list of inputs of a branch", branch->inputs.size(), 0,
                                      "branches read values of the graphs around them"));
    TENON_RETURN_IF_ERROR(check_count("the list of outputs of a branch", branch->outputs.size(), node.outputs.size(),
                                      "each output of the If comes from both branches"));
  }
  return {};
}

Status run_if(HostStep& control) {
  TENON_ASSIGN_OR_RETURN(const bool condition, HostStep::truth_of(control.input(0), "the condition"));
  BodyRun branch(control, condition ? 0 : 1);
  auto results = branch.run({});
  if (!results.is_ok()) return results.status().with_context(condition ? "then_branch" : "else_branch");
  for (size_t i = 0; i < results->size(); ++i) TENON_RETURN_IF_ERROR(control.give(i, std::move((*results)[i])));
  return {};
}

}  // namespace tenon::host
