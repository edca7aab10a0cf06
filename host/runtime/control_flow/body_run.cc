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
  for (const Program::Capture& capture : program_.captures) {
    const SlotValue& outer = control.state().slot(capture.outer);
    if (!outer.held.is_tensor() || program_.slots[capture.slot].is_kept) {
      (*state_).set_value(capture.slot, control.state().shared(capture.outer));
    } else {
      (*state_).set_view(capture.slot, outer.view);
    }
  }
}

BodyRun::~BodyRun() {
  // Without memory for the plan, the next run makes it.
  if (outgrew_plan_) (void)guarded([&]() -> Status { return pool_.make_plan(signature_, sizes_, plan_), Status(); });
}

Result<std::vector<RunValue>> BodyRun::run(std::vector<RunValue> inputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    const ValueType& type = program_.graph->inputs[i]->type;
    if (type.kind == ValueType::Kind::kOptional) inputs[i] = as_declared(std::move(inputs[i]), element_type(type));
    TENON_RETURN_IF_ERROR(check_input(i, inputs[i]));
    (*state_).set_value(program_.inputs[i], std::move(inputs[i]));
  }
  if (runs_ == 0) {
    if (!pool_.is_planned()) sign_shapes();
    plan_ = pool_.find_plan(signature_);
  }
  Execution execution = control_.execution();
  execution.outer_bytes = execution.placed_bytes() + control_.state().heap_bytes + control_.held_bytes;
  if (plan_ != nullptr && arena_.data() == nullptr) {
    const uint64_t used = execution.outer_bytes + execution.shared_bytes();
    const uint64_t left = execution.memory_limit - std::min(execution.memory_limit, used);
    TENON_ASSIGN_OR_RETURN(arena_, pool_.take_arena(plan_, left, execution.memory_limit));
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
Status BodyRun::check_input(size_t i, const RunValue& given) const {
  const Value& value = *program_.graph->inputs[i];
  const ValueType& type = value.type;
  bool fits = host::fits(given.type(), element_type(type));
  if (given.is_tensor() && type.dims) {
    const auto fits_dim = [](const Dim& declared, int64_t d) { return declared.value < 0 || declared.value == d; };
    const std::vector<int64_t>& shape = given.tensor().shape();
    fits = fits && std::equal(type.dims->begin(), type.dims->end(), shape.begin(), shape.end(), fits_dim);
  }
  if (fits) return {};
  return error(TN_INVALID_ARGUMENT, "input '", value.name, "' of the subgraph is ", describe(given), ", expected ",
               describe(type),
               given.is_tensor() ? ": declare it with the dimensions that it has in every iteration, or with none"
                                 : ": declare it with the type that it has in every iteration");
}

// The shapes of all tensors that the first run reads; other values have a mark.
void BodyRun::sign_shapes() {
  const auto sign = [&](uint32_t slot) {
    const SlotValue& value = (*state_).slot(slot);
    if (value.held.is_tensor()) {
      append_shape({value.view.shape, value.view.rank}, signature_);
    } else {
      signature_.push_back(-1 - static_cast<int64_t>(value.held.kind()));
    }
  };
  for (const uint32_t slot : program_.inputs) sign(slot);
  for (const Program::Capture& capture : program_.captures) sign(capture.slot);
}

// Plans anew after the first, second, fourth ... run where values were larger than planned.
void BodyRun::learn() {
  if (pool_.is_planned()) return;
  outgrew_plan_ = raise_sizes(program_, *state_, plan_.get(), sizes_) || outgrew_plan_;
  if (!outgrew_plan_ || (runs_ & (runs_ - 1)) != 0) return;
  plan_ = pool_.make_plan(signature_, sizes_, plan_);
  arena_ = {};
  outgrew_plan_ = false;
}

std::vector<RunValue> BodyRun::take_outputs() {
  RunState& state = *state_;
  std::vector<RunValue> outputs;
  for (const uint32_t slot : program_.outputs) {
    const SlotValue& value = state.slot(slot);
    const bool is_held = program_.slots[slot].source != Slot::Source::kConstant &&
                         (!value.held.is_tensor() || value.held.tensor().dtype() != TN_UNDEFINED);
    const bool is_view = program_.slots[slot].view_of != kNoSlot;
    outputs.push_back(is_view   ? RunValue(state.handed_out(slot))
                      : is_held ? value.held
                                : RunValue(view_without_owner(value.view)));
  }
  for (const uint32_t slot : program_.outputs) {
    if (program_.slots[slot].source != Slot::Source::kStep) continue;
    state.release(slot);
    if (const uint32_t root = program_.slots[slot].view_of; root != kNoSlot) state.release(root);
  }
  return outputs;
}

}  // namespace tenon::host
