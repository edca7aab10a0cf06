// A run of a kernel in guarded memory, by which everything that a kernel can do wrong there shows: what it asks of the
// host comes from pages of its own, and any of its requests can be made to fail. One run per object. thread: as in
// kernel_api/run.h.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "conform/kernel/guarded_region.h"
#include "host/graph/tensor.h"
#include "host/plugins/kernel_run.h"
#include "host/runtime/validation/made_output.h"

namespace tenon::conform {

struct RunSettings {
  GuardedRegion::Place place = GuardedRegion::Place::kAtEnd;
  std::byte fill{0x5A};  // of memory that the kernel has to write
  uint32_t workers = 1;
  std::optional<uint32_t> shared_output,
      shared_input;              // the output is given the input's memory, where they are as large
  int64_t failing_request = -1;  // which of the requests that can fail does, from 0 on
  bool is_cancelled = false;
};

class GuardedRun final : public host::KernelRun {
 public:
  struct Output : host::MadeOutput {
    GuardedRegion memory;
  };

  struct Inputs {
    const std::vector<host::Tensor>& tensors;  // in the kernel's order, without a type where one is left out
    const std::vector<bool>&is_constant, &is_packed_away;
  };

  /// `inputs` must outlive the run.
  GuardedRun(const Inputs& inputs, uint32_t output_count, RunSettings settings);

  /// By index; those that were asked for.
  const std::map<uint32_t, Output>& outputs() const { return outputs_; }
  /// The output as a tensor of memory of its own; nothing: it was not asked for.
  std::optional<host::Tensor> output_tensor(uint32_t index) const;
  /// Writes that no page caught: "wrote 3 bytes behind the end of output 0"; empty: none.
  std::string trespass() const;
  /// Whether an output had the memory of an input, as the settings ask.
  bool has_shared() const { return has_shared_; }
  /// How many requests that can fail there were, and which one did: "output 0"; empty: none.
  int64_t requests() const { return requests_; }
  const std::string& failed_request() const { return failed_request_; }
  /// Whether a body of parallel_for left its thread's floating-point mode changed.
  bool has_left_mode() const { return has_left_mode_; }

  uint32_t input_count() const override { return static_cast<uint32_t>(views_.size()); }
  uint32_t output_count() const override { return output_count_; }
  const tn_tensor* input(uint32_t index) const override;
  bool output_wanted(uint32_t) const override { return true; }
  host::Status output(uint32_t index, uint32_t dtype, const int64_t* shape, uint32_t rank, tn_tensor* out) override;
  host::Status set_string(uint32_t index, int64_t element, std::string_view value) override;
  void* scratch(size_t bytes, size_t alignment) override;
  void parallel_for(int64_t count, double item_cost_ns, int64_t grain, host::RangeFunction body, void* arg) override;
  uint32_t max_workers() const override { return settings_.workers; }
  bool cancelled() const override { return settings_.is_cancelled; }
  void phase(std::string_view) override {}
  void count(tn_counter, uint64_t) override {}

 private:
  /// Whether this request is the one to fail.
  bool fails(const std::string& what);
  void lend(uint32_t index, const host::Tensor& tensor, bool is_constant, bool is_packed_away);

  const RunSettings settings_;
  const uint32_t output_count_;
  std::vector<GuardedRegion> lent_, lent_texts_;
  std::vector<std::optional<tn_tensor>> views_;
  std::map<uint32_t, Output> outputs_;
  std::vector<GuardedRegion> scratch_;
  bool has_shared_ = false;
  mutable std::mutex mutex_;
  int64_t requests_ = 0;
  std::string failed_request_;
  std::atomic<bool> has_left_mode_{false};
};

}  // namespace tenon::conform
