// A kernel's view of the run of its step: gives inputs, memory for outputs, scratch and threads. Lives on the stack of
// the executor; thread rules as in kernel_api/run.h.
#pragma once

#include "host/plugins/kernel_counters.h"
#include "host/plugins/kernel_run.h"
#include "host/runtime/execution.h"
#include "host/runtime/memory_plan.h"
#include "host/runtime/run_state.h"

namespace tenon::host {

class StepRun final : public KernelRun {
 public:
  StepRun(const Program& program, const Execution& execution, RunState& state)
      : program_(program), execution_(execution), state_(state) {}

  void begin(uint32_t step);
  /// The kernel has returned with success: every output that the model uses must be there.
  Status finish();

  uint32_t input_count() const override { return static_cast<uint32_t>(step_->inputs.size()); }
  uint32_t output_count() const override { return static_cast<uint32_t>(step_->outputs.size()); }
  const tn_tensor* input(uint32_t index) const override;
  bool output_wanted(uint32_t index) const override;
  Status output(uint32_t index, uint32_t dtype, const int64_t* shape, uint32_t rank, tn_tensor* out) override;
  Status set_string(uint32_t index, int64_t element, std::string_view value) override;
  void* scratch(size_t bytes, size_t alignment) override;
  void parallel_for(int64_t count, double item_cost_ns, int64_t grain, RangeFunction body, void* arg) override;
  uint32_t max_workers() const override { return execution_.threads; }
  bool cancelled() const override { return execution_.stop_code() != TN_OK; }
  void phase(std::string_view name) override;
  void count(tn_counter counter, uint64_t amount) override;
  std::string_view input_name(uint32_t index) const override { return name_of(step_->input_values, index); }
  std::string_view output_name(uint32_t index) const override { return name_of(step_->output_values, index); }
  bool is_profiled() const override { return execution_.profiler != nullptr; }
  std::unique_ptr<PutOffRuns>* put_off() override { return can_put_off_ ? &put_off_ : nullptr; }
  std::pair<uint32_t, std::span<const int64_t>> foreseen(uint32_t index) const override;
  bool is_lasting(const void* data) const override;
  uint64_t number() const override { return static_cast<uint64_t>(step_ - program_.steps.data()); }

  /// What kernels have put off so far; nullptr: nothing.
  PutOffRuns* waiting() const { return put_off_.get(); }
  std::unique_ptr<PutOffRuns> take_waiting() { return std::move(put_off_); }
  /// Whether a step's run may be put off: all that it makes is planned, and follows from what is known before.
  bool can_put_off(const Step& step) const;

  /// For the profile, once the kernel has returned: what it counted in this run, and where that was no bytes what its
  /// inputs, outputs and packed weights measure.
  Profiler::Counters take_counters();

 private:
  template <typename Values>
  static std::string_view name_of(const Values& values, uint32_t index) {
    return index < values.size() && values[index] != nullptr ? std::string_view(values[index]->name)
                                                             : std::string_view();
  }
  uint64_t measured_bytes() const;
  Status check_output(uint32_t index, uint32_t dtype, const int64_t* shape, uint32_t rank, uint64_t* bytes) const;
  void* arena_place(uint32_t slot, uint64_t bytes);
  const BoundSlot* bound_place(uint32_t slot) const;
  Status allocate(uint32_t index, uint32_t slot, uint32_t dtype, const int64_t* shape, uint32_t rank, uint64_t bytes);

  const Program& program_;
  const Execution& execution_;
  RunState& state_;
  const Step* step_ = nullptr;
  bool can_put_off_ = false;
  std::unique_ptr<PutOffRuns> put_off_;
  mutable std::vector<int64_t> foreseen_;
  std::vector<std::pair<uint32_t, size_t>> discarded_;  // output index -> place in state_.discarded
  KernelCounters counters_;                             // of a step that is profiled
};

}  // namespace tenon::host
