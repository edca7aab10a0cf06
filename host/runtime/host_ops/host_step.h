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
      : program_(program), step_(program.steps[s]), execution_(execution), state_(state), index_(s) {}

  const Node& node() const { return *step_.nodes.front(); }
  const Step& step() const { return step_; }
  const Execution& execution() const { return execution_; }
  RunState& state() { return state_; }
  RunPool& pool(size_t body) const { return execution_.pool->body(index_, body); }

  bool has_input(size_t i) const { return i < node().inputs.size() && step_.inputs[i] != kNoSlot; }
  /// Of a tensor.
  const tn_tensor& input(size_t i) const { return state_.slot(step_.inputs[i]).view; }
  /// A view without an owner.
  Tensor view_of_input(size_t i) const;
  ValueType::Kind kind_of_input(size_t i) const { return state_.slot(step_.inputs[i]).held.kind(); }
  /// The value of an input that is no tensor; TN_INVALID_ARGUMENT when it is of another kind.
  Result<const RunValue*> input_of_kind(size_t i, ValueType::Kind kind) const;
  /// The value as it is, for the time of the step: a tensor without an owner.
  RunValue borrowed_input(size_t i) const;
  /// The same of a sequence, as the only one that has it where nothing else needs it later.
  Result<RunValue> taken_sequence(size_t i);
  /// The value, to live as long as it likes: a tensor is shared where it has an owner, else copied.
  Result<RunValue> lasting_input(size_t i);
  Result<Tensor> lasting(Tensor tensor) const;
  /// The only element of a bool or int64 tensor; `what` names it in errors.
  static Result<bool> truth_of(const tn_tensor& tensor, const std::string& what);
  static Result<int64_t> number_of(const tn_tensor& tensor, const std::string& what);
  /// The only element of an int32 or int64 tensor, and element `i` of a list of such.
  static Result<int64_t> index_of(const tn_tensor& tensor, const std::string& what);
  static Result<int64_t> index_at(const tn_tensor& tensor, int64_t i, const std::string& what);

  bool is_wanted(size_t output) const { return output < step_.outputs.size() && step_.outputs[output] != kNoSlot; }
  /// Makes the value the output; a tensor without an owner is copied. TN_INVALID_MODEL: the graph expects another type.
  Status give(size_t output, RunValue value);
  /// A sequence for give(), its list counted.
  Status give_sequence(size_t output, RunValue sequence);

  /// TN_OUT_OF_MEMORY when the run would pass its limit with `bytes` more beside what it and the step hold.
  Status check_memory(uint64_t bytes) const;
  /// The same of a list of so many elements, whatever these hold.
  Status check_list(uint64_t elements) const;
  /// The bytes of a value that nothing counts yet.
  static uint64_t uncounted_bytes(const RunValue& value);
  /// Of values between iterations and of what was collected, in bytes; kept by the caller.
  uint64_t held_bytes = 0;

 private:
  const Program& program_;
  const Step& step_;
  const Execution& execution_;
  RunState& state_;
  const uint32_t index_;
};

}  // namespace tenon::host
