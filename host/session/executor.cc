#include "host/session/executor.h"

#include "host/session/step_run.h"

namespace tenon::host {
namespace {

// Why the run has to stop, if it has to; `where` says how far it came, and is asked only then.
template <typename Where>
Status stopped(const Execution& execution, Where&& where) {
  switch (execution.stop_code()) {
    case TN_CANCELLED: return error(TN_CANCELLED, "the run was cancelled ", where());
    case TN_DEADLINE_EXCEEDED: return error(TN_DEADLINE_EXCEEDED, "the run's deadline passed ", where());
    default: return {};
  }
}

std::string shapes_text(const Program& program, const std::vector<uint32_t>& slots, RunState& state) {
  std::string text;
  for (const uint32_t slot : slots) {
    if (!text.empty()) text += ", ";
    if (slot == kNoSlot) {
      text += "-";
      continue;
    }
    const tn_tensor& view = state.slot(slot).view;
    text += dtype_name(view.dtype) + " " + shape_text({view.shape, view.rank});
    if (program.slots[slot].source == Slot::Source::kConstant) text += " (constant)";
  }
  return text;
}

Status run_step(const Program& program, const Execution& execution, RunState& state, StepRun& run, uint32_t s) {
  const Step& step = program.steps[s];
  run.begin(s);
  if (Profiler* profiler = execution.profiler) {
    const Node& node = *step.nodes.front();
    profiler->begin_step(
        {node.name.empty()
             ? step.output_values.empty() || step.output_values[0] == nullptr ? step.label : step.output_values[0]->name
             : node.name,
         step.label, step.provider, shapes_text(program, step.inputs, state)});
  }
  Status status = step.kernel.run(run);
  // A kernel that was told to stop may return anything.
  TENON_RETURN_IF_ERROR(stopped(execution, [&] { return "at " + describe(step); }));
  if (status.is_ok()) status = run.finish().with_context("provider '" + step.provider + "'");
  if (!status.is_ok()) return status.with_context(describe(step));
  if (execution.profiler != nullptr) execution.profiler->end_step(shapes_text(program, step.outputs, state));
  for (const uint32_t slot : step.last_reads) state.release(slot);
  return {};
}

}  // namespace

tn_code Execution::stop_code() const {
  if (cancel != nullptr && cancel->is_cancelled()) return TN_CANCELLED;
  if (deadline && std::chrono::steady_clock::now() >= *deadline) return TN_DEADLINE_EXCEEDED;
  return TN_OK;
}

Status execute(const Program& program, const Execution& execution, RunState& state) {
  StepRun run(program, execution, state);
  TENON_RETURN_IF_ERROR(stopped(execution, [&] {
    return program.steps.empty() ? std::string("before it began") : "before " + describe(program.steps.front());
  }));
  for (uint32_t s = 0; s < program.steps.size(); ++s)
    TENON_RETURN_IF_ERROR(run_step(program, execution, state, run, s));
  return {};
}

}  // namespace tenon::host
