#include "host/runtime/run_state.h"

#include <algorithm>
#include <utility>

namespace tenon::host {
namespace {

void drop(RunValue& held) {
  if (held.tensor().data() != nullptr || !held.is_tensor()) held = RunValue();
}

}  // namespace

RunState::RunState(const Program& program) : program_(program), slots_(program.slots.size()) {
  size_t most_outputs = 0;
  for (const Step& step : program.steps) most_outputs = std::max(most_outputs, step.outputs.size());
  given.resize(most_outputs);
  for (uint32_t i = 0; i < slots_.size(); ++i) {
    if (program.slots[i].source != Slot::Source::kConstant) continue;
    const Tensor& constant = slots_[i].held.tensor() = *program.slots[i].value->constant;
    slots_[i].view = constant.abi_view(TN_TENSOR_READ_ONLY | TN_TENSOR_CONSTANT);
    slots_[i].bytes = constant.byte_length();
    slots_[i].is_set = true;
  }
}

void RunState::set_tensor(uint32_t i, Tensor tensor) {
  SlotValue& slot = slots_[i];
  slot.held.tensor() = std::move(tensor);
  slot.view = slot.held.tensor().abi_view(TN_TENSOR_READ_ONLY);
  slot.bytes = slot.held.tensor().byte_length();
  slot.is_set = true;
}

void RunState::set_value(uint32_t i, RunValue value) {
  if (value.is_tensor()) return set_tensor(i, std::move(value.tensor()));
  SlotValue& slot = slots_[i];
  slot.held = std::move(value);
  slot.view = tn_tensor{};
  slot.bytes = 0;
  slot.is_set = true;
}

void RunState::count(uint32_t i) {
  slots_[i].counted = slots_[i].bytes;
  heap_bytes += slots_[i].bytes;
}

void RunState::set_view(uint32_t i, const tn_tensor& view) {
  SlotValue& slot = slots_[i];
  slot.view = view;
  slot.view.flags = TN_TENSOR_READ_ONLY;
  slot.bytes = view.byte_length;
  slot.is_set = true;
}

void RunState::set_arena(uint32_t i, uint32_t dtype, const int64_t* shape, uint32_t rank, void* data, uint64_t bytes) {
  SlotValue& slot = slots_[i];
  slot.shape.assign(shape, shape + rank);
  slot.view = tn_tensor{};
  slot.view.struct_size = sizeof slot.view;
  slot.view.dtype = dtype;
  slot.view.rank = rank;
  slot.view.flags = TN_TENSOR_READ_ONLY;
  slot.view.shape = slot.shape.data();
  slot.view.data = data;
  slot.view.byte_length = bytes;
  slot.view.memory_kind = TN_MEMORY_HOST;
  slot.bytes = bytes;
  slot.is_set = true;
}

Tensor RunState::handed_out(uint32_t i) const {
  const uint32_t root = program_.slots[i].view_of;
  const SlotValue& slot = slots_[i];
  if (root == kNoSlot || slot.held.tensor().data() != nullptr) return slot.held.tensor();
  return Tensor(static_cast<tn_dtype>(slot.view.dtype), slot.shape, slot.view.data, slot.view.byte_length,
                slots_[root].held.tensor().owner(), Residence::kRuntime);
}

RunValue RunState::shared(uint32_t i) const {
  const SlotValue& slot = slots_[i];
  if (!slot.held.is_tensor() || slot.held.tensor().owner() != nullptr) return slot.held;
  const tn_tensor& view = slot.view;
  const uint32_t root = program_.slots[i].view_of;
  return Tensor(static_cast<tn_dtype>(view.dtype), {view.shape, view.shape + view.rank}, view.data, view.byte_length,
                root == kNoSlot ? nullptr : slots_[root].held.tensor().owner(),
                root == kNoSlot ? Residence::kBorrowed : slots_[root].held.tensor().residence());
}

RunValue RunState::shared_and_charged(uint32_t i, const std::shared_ptr<MemoryMeter>& meter) {
  SlotValue& holder = slots_[slots_[i].held.tensor().owner() == nullptr ? program_.root_of(i) : i];
  Tensor& tensor = holder.held.tensor();
  if (tensor.owner() != nullptr && tensor.residence() == Residence::kRuntime && !is_charged(tensor)) {
    tensor = charged(tensor, meter);
    if (&holder == &slots_[i]) holder.view = tensor.abi_view(holder.view.flags);
    heap_bytes -= holder.counted;
    holder.counted = 0;
  }
  return shared(i);
}

void RunState::release(uint32_t i) {
  SlotValue& slot = slots_[i];
  drop(slot.held);
  heap_bytes -= slot.counted;
  slot.counted = 0;
  slot.is_set = false;
}

void RunState::clear() {
  for (uint32_t i = 0; i < slots_.size(); ++i)
    if (program_.slots[i].source != Slot::Source::kConstant) {
      drop(slots_[i].held);
      slots_[i].counted = 0;
      slots_[i].is_set = false;
    }
  discarded.clear();
  heap_bytes = 0;
  scratch.tidy();
}

}  // namespace tenon::host
