#include "host/runtime/bound_outputs.h"

#include <algorithm>
#include <cstring>

namespace tenon::host {
namespace {

bool overlaps(const Tensor& a, const Tensor& b) {
  if (a.byte_length() == 0 || b.byte_length() == 0) return false;
  const auto* first = static_cast<const std::byte*>(a.data());
  const auto* second = static_cast<const std::byte*>(b.data());
  return first < second + b.byte_length() && second < first + a.byte_length();
}

const std::string& name_of(const Program& program, size_t output) {
  return program.slots[program.outputs[output]].value->name;
}

}  // namespace

Result<BoundOutputs> BoundOutputs::plan(const Program& program, std::span<const RunValue* const> inputs,
                                        std::span<const OutputTarget> targets) {
  BoundOutputs bound(program);
  bound.targets_ = targets;
  for (size_t i = 0; i < targets.size(); ++i) {
    const Tensor& memory = *targets[i].memory;
    const std::string& name = name_of(program, targets[i].output);
    if (memory.dtype() == TN_STRING)
      return error(TN_INVALID_ARGUMENT, "output '", name, "': strings cannot be written to memory of the caller");
    for (size_t k = 0; k < i; ++k)
      if (targets[k].output == targets[i].output || overlaps(*targets[k].memory, memory))
        return error(TN_INVALID_ARGUMENT, "output '", name, "' is bound to ",
                     targets[k].output == targets[i].output ? "two places" : "memory that another output is bound to");
    const uint32_t slot = program.outputs[targets[i].output];
    if (bound.may_write(slot, memory, inputs))
      bound.direct_.push_back({slot, const_cast<void*>(memory.data()), memory.byte_length()});
  }
  return bound;
}

bool BoundOutputs::may_write(uint32_t slot, const Tensor& memory, std::span<const RunValue* const> inputs) {
  const Slot& facts = program_->slots[slot];
  if (facts.source != Slot::Source::kStep || facts.by_host || facts.view_of != kNoSlot) return false;
  const Step& step = program_->steps[facts.first_step];
  const auto which = std::find(step.outputs.begin(), step.outputs.end(), slot) - step.outputs.begin();
  bool shares = false;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i]->is_tensor()) return false;  // some tensor in it may lie there
    if (!overlaps(inputs[i]->tensor(), memory)) continue;
    const uint32_t input = program_->inputs[i];
    const auto at = std::find(step.inputs.begin(), step.inputs.end(), input);
    const bool is_last = program_->slots[input].last_step == facts.first_step && !program_->slots[input].is_output;
    if (shares || !is_last || at == step.inputs.end() || std::count(at, step.inputs.end(), input) != 1) return false;
    if (inputs[i]->tensor().data() != memory.data() || inputs[i]->tensor().byte_length() != memory.byte_length() ||
        !step.kernel.may_share(static_cast<uint32_t>(which), static_cast<uint32_t>(at - step.inputs.begin())))
      return false;
    shares = true;
  }
  changes_inputs_ = changes_inputs_ || shares;
  return true;
}

const Tensor* BoundOutputs::target_of(size_t output) const {
  for (const OutputTarget& target : targets_)
    if (target.output == output) return target.memory;
  return nullptr;
}

Result<RunValue> BoundOutputs::deliver(RunState& state, size_t output) const {
  const Tensor& memory = *target_of(output);
  const uint32_t slot = program_->outputs[output];
  const RunValue& held = state.slot(slot).held;
  const tn_tensor& view = state.slot(slot).view;
  if (!held.is_tensor() || view.dtype != static_cast<uint32_t>(memory.dtype()) ||
      !std::equal(memory.shape().begin(), memory.shape().end(), view.shape, view.shape + view.rank))
    return error(TN_INVALID_ARGUMENT, "output '", name_of(*program_, output), "' is ",
                 held.is_tensor() ? dtype_name(view.dtype) + " " + shape_text({view.shape, view.rank}) : describe(held),
                 ", the memory that it is bound to ", dtype_name(memory.dtype()), " ", shape_text(memory.shape()));
  if (view.data != memory.data() && view.byte_length > 0)
    std::memmove(const_cast<void*>(memory.data()), view.data, view.byte_length);
  return RunValue(Tensor(memory.dtype(), memory.shape(), memory.data(), memory.byte_length(), memory.owner(),
                         Residence::kBorrowed));
}

}  // namespace tenon::host
