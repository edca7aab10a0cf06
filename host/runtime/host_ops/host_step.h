// One run of one step of the host: gives its inputs, takes its outputs, counts what it holds in between. Lives on the
// stack of the executor.
//
// Tensors that pass through here without an owner are views on memory that outlives the step: of inputs, of constants.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/runtime/execution.h"
#include "host/runtime/run_pool.h"

namespace tenon::host {

class HostStep {
 public:
  HostStep(const Program& program, const Execution& execution, RunState& state, uint32_t s)
      : step_(program.steps[s]), execution_(execution), state_(state), index_(s) {}

  const Node& node() const { return *step_.nodes.front(); }
  const Step& step() const { return step_; }
  const Execution& execution() const { return execution_; }
  RunState& state() { return state_; }
  RunPool& pool(size_t body) const { return execution_.pool->body(index_, body); }

  bool has_input(size_t i) const { return i < node().inputs.size() && step_.inputs[i] != kNoSlot; }
  const tn_tensor& input(size_t i) const { return state_.slot(step_.inputs[i]).view; }
  /// A view without an owner.
  Tensor view_of_input(size_t i) const;
  /// The only element of a bool or int64 tensor; `what` names it in errors.
  static Result<bool> truth_of(const tn_tensor& tensor, const std::string& what);
  static Result<int64_t> number_of(const tn_tensor& tensor, const std::string& what);

  bool is_wanted(size_t output) const { return output < step_.outputs.size() && step_.outputs[output] != kNoSlot; }
  /// Makes the tensor the output; one without an owner is copied.
  Status give(size_t output, Tensor tensor);

  /// TN_OUT_OF_MEMORY when the run would pass its limit with `bytes` more beside what it and the step hold.
  Status check_memory(uint64_t bytes) const;
  /// Of values between iterations and of what was collected, in bytes; kept by the caller.
  uint64_t held_bytes = 0;

 private:
  const Step& step_;
  const Execution& execution_;
  RunState& state_;
  const uint32_t index_;
};

}  // namespace tenon::host
