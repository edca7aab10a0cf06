#include "host/runtime/control_flow/body_run.h"

#include <algorithm>

#include "host/base/exceptions.h"
#include "host/runtime/executor.h"

namespace tenon::host {
namespace {

void append_shape(std::span<const int64_t> shape, ShapeSignature& signature) {
  signature.push_back(static_cast<int64_t>(shape.size()));
  signature.insert(signature.end(), shape.begin(), shape.end());
}

Tensor view_without_owner(const tn_tensor& view) {
  return Tensor(static_cast<tn_dtype>(view.dtype), {view.shape, view.shape + view.rank}, view.data, view.byte_length,
                nullptr, Residence::kBorrowed);
}

}  // namespace

BodyRun::BodyRun(HostStep& control, size_t body)
    : control_(control), pool_(control.pool(body)), program_(pool_.program()), state_(pool_) {
  for (const Program::Capture& capture : program_.captures)
    (*state_).set_view(capture.slot, control.state().slot(capture.outer).view);
}

BodyRun::~BodyRun() {
  // Without memory for the plan, the next run makes it.
  if (outgrew_plan_) (void)guarded([&]() -> Status { return pool_.make_plan(signature_, sizes_), Status(); });
}

Result<std::vector<Tensor>> BodyRun::run(std::span<const Tensor> inputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    TENON_RETURN_IF_ERROR(check_input(i, inputs[i]));
    (*state_).set_tensor(program_.inputs[i], inputs[i]);
  }
  if (runs_ == 0) TENON_RETURN_IF_ERROR(take_plan(inputs));
  Execution execution = control_.execution();
  execution.outer_bytes = execution.fixed_bytes() + control_.state().heap_bytes + control_.held_bytes;
  if (plan_ != nullptr && arena_.data() == nullptr) {
    const uint64_t left = execution.memory_limit - std::min(execution.memory_limit, execution.outer_bytes);
    TENON_ASSIGN_OR_RETURN(arena_, pool_.take_arena(*plan_, left, execution.memory_limit));
  }
  execution.plan = plan_.get();
  execution.arena = arena_.data();
  execution.pool = &pool_;
  TENON_RETURN_IF_ERROR(execute(program_, execution, *state_));
  ++runs_;
  learn();
  return take_outputs();
}

// The subgraph's kernels were made for the types that it declares.
Status BodyRun::check_input(size_t i, const Tensor& tensor) const {
  const Value& value = *program_.graph->inputs[i];
  const ValueType& type = value.type;
  bool fits = type.dtype == TN_UNDEFINED || type.dtype == tensor.dtype();
  if (type.dims) {
    const auto fits_dim = [](const Dim& declared, int64_t d) { return declared.value < 0 || declared.value == d; };
    const std::vector<int64_t>& shape = tensor.shape();
    fits = fits && std::equal(type.dims->begin(), type.dims->end(), shape.begin(), shape.end(), fits_dim);
  }
  if (fits) return {};
  return error(TN_INVALID_ARGUMENT, "input '", value.name, "' of the subgraph is ", describe(tensor), ", expected ",
               describe(type), ": declare it with the dimensions that it has in every iteration, or with none");
}

Status BodyRun::take_plan(std::span<const Tensor> inputs) {
  if (!pool_.is_planned()) {
    for (const Tensor& input : inputs) append_shape(input.shape(), signature_);
    for (const Program::Capture& capture : program_.captures) {
      const tn_tensor& view = (*state_).slot(capture.slot).view;
      append_shape({view.shape, view.rank}, signature_);
    }
  }
  plan_ = pool_.find_plan(signature_);
  return {};
}

// Plans anew after the first, second, fourth ... run where values were larger than planned.
void BodyRun::learn() {
  if (pool_.is_planned()) return;
  outgrew_plan_ = raise_sizes(program_, *state_, plan_.get(), sizes_) || outgrew_plan_;
  if (!outgrew_plan_ || (runs_ & (runs_ - 1)) != 0) return;
  plan_ = pool_.make_plan(signature_, sizes_);
  arena_ = {};
  outgrew_plan_ = false;
}

std::vector<Tensor> BodyRun::take_outputs() {
  RunState& state = *state_;
  std::vector<Tensor> outputs;
  for (const uint32_t slot : program_.outputs) {
    const SlotValue& value = state.slot(slot);
    const bool is_held = program_.slots[slot].source != Slot::Source::kConstant && value.tensor.dtype() != TN_UNDEFINED;
    const bool is_view = program_.slots[slot].view_of != kNoSlot;
    outputs.push_back(is_view ? state.handed_out(slot) : is_held ? value.tensor : view_without_owner(value.view));
  }
  for (const uint32_t slot : program_.outputs) {
    if (program_.slots[slot].source != Slot::Source::kStep) continue;
    state.release(slot);
    if (const uint32_t root = program_.slots[slot].view_of; root != kNoSlot) state.release(root);
  }
  return outputs;
}

}  // namespace tenon::host
