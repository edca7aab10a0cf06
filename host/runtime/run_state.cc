#include "host/runtime/run_state.h"

#include <algorithm>

namespace tenon::host {

RunState::RunState(const Program& program) : program_(program), slots_(program.slots.size()) {
  size_t most_outputs = 0;
  for (const Step& step : program.steps) most_outputs = std::max(most_outputs, step.outputs.size());
  given.resize(most_outputs);
  for (uint32_t i = 0; i < slots_.size(); ++i) {
    if (program.slots[i].source != Slot::Source::kConstant) continue;
    slots_[i].tensor = *program.slots[i].value->constant;
    slots_[i].view = slots_[i].tensor.abi_view(TN_TENSOR_READ_ONLY | TN_TENSOR_CONSTANT);
    slots_[i].bytes = slots_[i].tensor.byte_length();
    slots_[i].is_set = true;
  }
}

void RunState::set_tensor(uint32_t i, Tensor tensor) {
  SlotValue& slot = slots_[i];
  slot.tensor = std::move(tensor);
  slot.view = slot.tensor.abi_view(TN_TENSOR_READ_ONLY);
  slot.bytes = slot.tensor.byte_length();
  slot.is_set = true;
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
  if (root == kNoSlot || slot.tensor.data() != nullptr) return slot.tensor;
  return Tensor(static_cast<tn_dtype>(slot.view.dtype), slot.shape, slot.view.data, slot.view.byte_length,
                slots_[root].tensor.owner(), Residence::kRuntime);
}

void RunState::release(uint32_t i) {
  SlotValue& slot = slots_[i];
  if (slot.tensor.data() != nullptr) {
    heap_bytes -= std::min(heap_bytes, slot.bytes);
    slot.tensor = Tensor();
  }
  slot.is_set = false;
}

void RunState::clear() {
  for (uint32_t i = 0; i < slots_.size(); ++i)
    if (program_.slots[i].source != Slot::Source::kConstant) {
      slots_[i].tensor = Tensor();
      slots_[i].is_set = false;
    }
  discarded.clear();
  heap_bytes = 0;
  scratch.tidy();
}

}  // namespace tenon::host
