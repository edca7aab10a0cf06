// Outputs that go to memory of the caller: which of them kernels may write there themselves, and the copy of the
// others. Borrows from program and caller for one run; used by one thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "host/runtime/execution.h"
#include "host/runtime/program.h"
#include "host/runtime/run_state.h"

namespace tenon::host {

/// Of an output, by its place in Program::outputs, the memory that it goes to.
struct OutputTarget {
  size_t output;
  const Tensor* memory;  // of the caller, in the form that the output must have
};

class BoundOutputs {
 public:
  /// TN_INVALID_ARGUMENT: two of the targets overlap, one output has two, or the elements are strings. `inputs`: one
  /// per Program::inputs.
  static Result<BoundOutputs> plan(const Program& program, std::span<const RunValue* const> inputs,
                                   std::span<const OutputTarget> targets);

  /// Those that kernels may write to: no input that is still to be read lies there, unless the kernel that makes the
  /// output may share its memory.
  std::span<const BoundSlot> slots() const { return direct_; }
  /// Whether a kernel may change memory of an input.
  bool changes_inputs() const { return changes_inputs_; }
  /// The target of the output; nullptr: none.
  const Tensor* target_of(size_t output) const;
  /// The output in its target, after the run: nothing is copied where a kernel has written it there.
  /// TN_INVALID_ARGUMENT when it has another type or shape.
  Result<RunValue> deliver(RunState& state, size_t output) const;

 private:
  explicit BoundOutputs(const Program& program) : program_(&program) {}
  bool may_write(uint32_t slot, const Tensor& memory, std::span<const RunValue* const> inputs);

  const Program* program_;
  std::span<const OutputTarget> targets_;
  std::vector<BoundSlot> direct_;
  bool changes_inputs_ = false;
};

}  // namespace tenon::host
