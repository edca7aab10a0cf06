// What one run holds: the value in each slot, scratch, and counters. Made once and reused by later runs of the session;
// used by one run at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "host/graph/run_value.h"
#include "host/graph/tensor.h"
#include "host/runtime/memory_meter.h"
#include "host/runtime/program.h"
#include "host/runtime/scratch.h"

namespace tenon::host {

/// The value in a slot during a run.
struct SlotValue {
  tn_tensor view{};            // of a tensor, valid when `is_set`; of nothing for other kinds
  std::vector<int64_t> shape;  // what view.shape points at for values in the arena
  RunValue held;               // holds all other values
  uint64_t bytes = 0;          // of the tensor; what a plan is made from
  uint64_t counted = 0;        // of RunState::heap_bytes
  bool is_set = false;
};

class RunState {
 public:
  explicit RunState(const Program& program);

  SlotValue& slot(uint32_t i) { return slots_[i]; }
  /// Puts a tensor that keeps its own memory alive into a slot.
  void set_tensor(uint32_t i, Tensor tensor);
  /// The same of a value of any kind.
  void set_value(uint32_t i, RunValue value);
  /// Counts the tensor in the slot to heap_bytes, until release().
  void count(uint32_t i);
  /// Puts memory that someone else keeps alive through the run into a slot.
  void set_view(uint32_t i, const tn_tensor& view);
  /// Puts memory of the arena, or of another slot that lives as long, into a slot.
  void set_arena(uint32_t i, uint32_t dtype, const int64_t* shape, uint32_t rank, void* data, uint64_t bytes);
  /// The tensor of a computed value that the graph hands out.
  Tensor handed_out(uint32_t i) const;
  /// The value of a slot for whoever needs it longer than the slot does: a tensor without an owner is memory of the
  /// arena or of somebody else.
  RunValue shared(uint32_t i) const;
  /// shared(), its tensor counted by `meter` from now on and no more by heap_bytes, if it has an owner.
  RunValue shared_and_charged(uint32_t i, const std::shared_ptr<MemoryMeter>& meter);
  /// Ends the life of a computed value.
  void release(uint32_t i);
  /// Lets go of all that the run held; constants stay.
  void clear();

  Scratch scratch;
  std::vector<Tensor> discarded;  // outputs of a step that the model has no use for
  std::vector<bool> given;        // which outputs the running step has asked for
  uint64_t heap_bytes = 0;        // of computed values outside the arena that are alive now, charged ones apart

 private:
  const Program& program_;
  std::vector<SlotValue> slots_;
};

}  // namespace tenon::host
