// A run of a kernel in a worker, as the kernel sees it: memory is the host's, threads are the worker's own. Thread
// rules as in kernel_api/run.h.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "host/isolation/lane.h"
#include "host/isolation/worker/segments.h"
#include "host/plugins/kernel_counters.h"
#include "host/plugins/kernel_run.h"
#include "host/runtime/scratch.h"

namespace tenon::host {

class ServedRun final : public KernelRun {
 public:
  /// Of what the host asks in the lane. All are borrowed.
  ServedRun(Lane& lane, LaneJob& job, const Segments& segments, Scratch& scratch)
      : lane_(lane), job_(job), segments_(segments), scratch_(scratch) {}

  /// Finds the inputs. TN_INTERNAL: one lies where there is nothing.
  Status begin();
  /// What the kernel has left to hand over.
  Status finish();

  uint32_t input_count() const override { return static_cast<uint32_t>(inputs_.size()); }
  uint32_t output_count() const override { return job_.output_count; }
  const tn_tensor* input(uint32_t index) const override;
  bool output_wanted(uint32_t index) const override;
  Status output(uint32_t index, uint32_t dtype, const int64_t* shape, uint32_t rank, tn_tensor* out) override;
  Status set_string(uint32_t index, int64_t element, std::string_view value) override;
  void* scratch(size_t bytes, size_t alignment) override { return scratch_.take(bytes, alignment, UINT64_MAX); }
  void parallel_for(int64_t count, double item_cost_ns, int64_t grain, RangeFunction body, void* arg) override;
  uint32_t max_workers() const override { return job_.max_workers; }
  bool cancelled() const override { return lane_.stop.load(std::memory_order_relaxed) != 0; }
  void phase(std::string_view name) override;
  void count(tn_counter counter, uint64_t amount) override {
    if (is_profiled()) counters_.add(counter, amount);
  }
  bool is_profiled() const override { return lane_.is_profiled != 0; }

 private:
  struct Input {
    bool is_given = false;
    tn_tensor view{};
    std::vector<int64_t> shape;
    std::vector<tn_str> strings;
  };
  struct Output {
    std::vector<int64_t> shape;
    std::vector<tn_str> strings;  // empty ones, that the kernel may look at
    uint64_t elements = 0;
    std::map<int64_t, std::string> given;
  };

  Status find(const LaneTensor& given, Input& input);
  Status find_strings(const LaneTensor& given, uint64_t count, Input& input);
  /// What was put into the lane, and the host's answer to it.
  Status ask(LaneAsk ask);
  Status send_strings(uint32_t index, const Output& output);
  Status send_counters();
  void put_text(std::string_view text);

  const LaneTensor& output_of(uint32_t index) const { return tensors_of(job_)[job_.input_count + index]; }
  Status ask_output(uint32_t index, uint32_t dtype, std::span<const int64_t> shape, void** data, uint64_t* bytes);
  Status foreseen_output(uint32_t index, uint32_t dtype, std::span<const int64_t> shape, void** data, uint64_t* bytes);

  Lane& lane_;
  LaneJob& job_;
  const Segments& segments_;
  Scratch& scratch_;
  std::vector<Input> inputs_;
  std::map<uint32_t, Output> outputs_;
  std::mutex strings_mutex_;
  KernelCounters counters_;
};

}  // namespace tenon::host
