#include "host/runtime/executor.h"

#include "host/runtime/host_ops/host_operator.h"
#include "host/runtime/host_ops/host_step.h"
#include "host/runtime/step_run.h"
#include "host/runtime/step_view.h"
#include "host/runtime/validation/validated_run.h"

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

std::string shapes_text(const Program& program, std::span<const uint32_t> slots, RunState& state) {
  std::string text;
  for (const uint32_t slot : slots) {
    if (!text.empty()) text += ", ";
    if (slot == kNoSlot || !state.slot(slot).is_set) {
      text += "-";
      continue;
    }
    if (const RunValue& held = state.slot(slot).held; !held.is_tensor()) {
      text += describe(held);
      continue;
    }
    const tn_tensor& view = state.slot(slot).view;
    text += dtype_name(view.dtype) + " " + shape_text({view.shape, view.rank});
    if (program.slots[slot].source == Slot::Source::kConstant) text += " (constant)";
    if (program.slots[slot].view_of != kNoSlot && state.slot(slot).held.tensor().data() == nullptr) text += " (view)";
  }
  return text;
}

void begin_event(const Program& program, const Step& step, RunState& state, Profiler& profiler) {
  const Node& node = *step.nodes.front();
  const bool is_named = !node.name.empty() || step.output_values.empty() || step.output_values[0] == nullptr;
  std::span<const uint32_t> inputs = step.inputs;
  if (step.is_host()) inputs = inputs.first(node.inputs.size());
  profiler.begin_step({!is_named           ? step.output_values[0]->name
                       : node.name.empty() ? step.label
                                           : node.name,
                       step.label, step.provider, shapes_text(program, inputs, state)});
}

Status run_kernel(const Execution& execution, const Step& step, StepRun& run, uint32_t s) {
  run.begin(s);
  Status status = execution.validates ? run_validated(step.kernel, run) : step.kernel.run(run);
  // A kernel that was told to stop may return anything.
  TENON_RETURN_IF_ERROR(
      stopped(execution, [&] { return "at " + describe(step) + ", in run of provider '" + step.provider + "'"; }));
  if (status.is_ok()) {
    status = run.finish();
    if (!status.is_ok()) status = status.with_context("provider '" + step.provider + "'");
  }
  return status.is_ok() ? Status() : status.with_context(describe(step));
}

// Before anybody else looks at what kernels of a process have put off.
Status run_put_off(const Program& program, const Execution& execution, StepRun& run) {
  const auto waiting = run.take_waiting();
  if (waiting == nullptr) return {};
  uint64_t failed = 0;
  const Status status = waiting->run_all(&failed);
  const Step& step = program.steps[failed];
  TENON_RETURN_IF_ERROR(
      stopped(execution, [&] { return "at " + describe(step) + ", in run of provider '" + step.provider + "'"; }));
  return status.is_ok() ? Status()
                        : status.with_context("provider '" + step.provider + "'").with_context(describe(step));
}

bool joins_waiting(const StepRun& run, const Step& step) {
  return step.kernel.process() == run.waiting()->process() && run.can_put_off(step);
}

Status run_step(const Program& program, const Execution& execution, RunState& state, StepRun& run, uint32_t s) {
  const Step& step = program.steps[s];
  bool has_run_kernel = false;
  if (execution.profiler != nullptr) begin_event(program, step, state, *execution.profiler);
  if (step.is_host()) {
    TENON_RETURN_IF_ERROR(run_put_off(program, execution, run));
    HostStep host_step(program, execution, state, s);
    if (const Status status = step.host_operator->run(host_step); !status.is_ok())
      return status.with_context(describe(step));
    TENON_RETURN_IF_ERROR(stopped(execution, [&] { return "at " + describe(step); }));
  } else if (!step.is_view || !view_input(step, state)) {
    if (run.waiting() != nullptr && !joins_waiting(run, step))
      TENON_RETURN_IF_ERROR(run_put_off(program, execution, run));
    TENON_RETURN_IF_ERROR(run_kernel(execution, step, run, s));
    has_run_kernel = true;
  }
  if (execution.profiler != nullptr) {
    execution.profiler->end_step();
    execution.profiler->describe_step(shapes_text(program, step.outputs, state),
                                      has_run_kernel ? run.take_counters() : Profiler::Counters());
  }
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
  return run_put_off(program, execution, run);
}

}  // namespace tenon::host
