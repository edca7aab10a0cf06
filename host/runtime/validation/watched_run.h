// One of the runs that a kernel is validated by: what it asks for comes from guarded memory, what it is given is looked
// at again afterwards. Stands before the run of its step; thread rules as in kernel_api/run.h.
#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/plugins/kernel_run.h"
#include "host/runtime/validation/guarded_memory.h"
#include "host/runtime/validation/made_output.h"
#include "host/storage/digest.h"

namespace tenon::host {

/// What differs between the runs.
struct WatchedRunOptions {
  std::byte fill{0};  // of memory that the kernel has to write
  /// The output is given the input's bytes in memory that it shares with it, when they are as many.
  std::optional<uint32_t> shared_output, shared_input;
  bool counts = false;  // for the profile, which is to tell of one of the runs
};

/// "input 0 ('x')", "output 1".
std::string input_text(const KernelRun& run, uint32_t index);
std::string output_text(const KernelRun& run, uint32_t index);

class WatchedRun final : public KernelRun {
 public:
  struct Output : MadeOutput {
    GuardedMemory memory;
  };

  WatchedRun(KernelRun& run, WatchedRunOptions options);

  /// What the kernel did that it must not, in words that follow "the kernel"; empty: nothing.
  std::string breach() const;
  /// By index; those that were asked for.
  const std::map<uint32_t, Output>& outputs() const { return outputs_; }
  /// Whether an output had the memory of an input, as the options ask.
  bool has_shared() const { return has_shared_; }

  uint32_t input_count() const override { return run_.input_count(); }
  uint32_t output_count() const override { return run_.output_count(); }
  const tn_tensor* input(uint32_t index) const override;
  bool output_wanted(uint32_t index) const override { return run_.output_wanted(index); }
  Status output(uint32_t index, uint32_t dtype, const int64_t* shape, uint32_t rank, tn_tensor* out) override;
  Status set_string(uint32_t index, int64_t element, std::string_view value) override;
  void* scratch(size_t bytes, size_t alignment) override;
  void parallel_for(int64_t count, double item_cost_ns, int64_t grain, RangeFunction body, void* arg) override;
  uint32_t max_workers() const override { return run_.max_workers(); }
  bool cancelled() const override { return run_.cancelled(); }
  void phase(std::string_view name) override { run_.phase(name); }
  bool is_profiled() const override { return run_.is_profiled(); }
  std::string_view input_name(uint32_t index) const override { return run_.input_name(index); }
  std::string_view output_name(uint32_t index) const override { return run_.output_name(index); }
  void count(tn_counter counter, uint64_t amount) override {
    if (options_.counts) run_.count(counter, amount);
  }

 private:
  // A copy of an input that is not constant, between bytes that differ from run to run: a kernel that reads them
  // computes something else the next time, and one that writes harms no value.
  struct InputCopy {
    tn_tensor view{};  // without data: there is none
    GuardedMemory memory;
  };

  KernelRun& run_;
  const WatchedRunOptions options_;
  std::vector<Digest> inputs_;
  std::vector<InputCopy> copies_;
  bool has_shared_ = false;
  std::map<uint32_t, Output> outputs_;
  std::vector<GuardedMemory> scratch_;
  std::atomic<bool> left_mode_{false};  // a body of parallel_for left its thread's floating-point mode changed
};

}  // namespace tenon::host
