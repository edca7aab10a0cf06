// What a kernel's tn_run stands for on the host's side. The functions of tn_run_api (plugins/abi_run.cc) forward to it;
// the executor and the constant folder implement it.
#pragma once

#include <tenon/kernel_api/run.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "host/base/status.h"
#include "host/threads/thread_pool.h"

namespace tenon::host {

/// Runs of kernels that were put off, since a provider in another process is asked once for many in less time than for
/// each. One thread.
class PutOffRuns {
 public:
  virtual ~PutOffRuns() = default;
  /// Whose kernels they are.
  virtual const void* process() const = 0;
  /// Does them all, in their order. `failed`: the number of the one that the error is of, by KernelRun::number().
  virtual Status run_all(uint64_t* failed) = 0;
};

/// One run of one kernel; see kernel_api/run.h for the meaning and thread rule of each function.
class KernelRun {
 public:
  virtual ~KernelRun() = default;
  virtual uint32_t input_count() const = 0;
  virtual uint32_t output_count() const = 0;
  virtual const tn_tensor* input(uint32_t index) const = 0;
  virtual bool output_wanted(uint32_t index) const = 0;
  virtual Status output(uint32_t index, uint32_t dtype, const int64_t* shape, uint32_t rank, tn_tensor* out) = 0;
  virtual Status set_string(uint32_t index, int64_t element, std::string_view value) = 0;
  virtual void* scratch(size_t bytes, size_t alignment) = 0;
  virtual void parallel_for(int64_t count, double item_cost_ns, int64_t grain, RangeFunction body, void* arg) = 0;
  virtual uint32_t max_workers() const = 0;
  virtual bool cancelled() const = 0;
  virtual void phase(std::string_view name) = 0;
  virtual void count(tn_counter counter, uint64_t amount) = 0;
  /// What the graph calls an input or output; empty: nothing. For messages.
  virtual std::string_view input_name(uint32_t) const { return {}; }
  virtual std::string_view output_name(uint32_t) const { return {}; }
  /// Whether anybody wants to hear of phases and counters.
  virtual bool is_profiled() const { return true; }

  /// Where the run may be put off to, with others of the same process that are there already: then whoever runs the
  /// kernels does them all before he needs what they make. nullptr: it is to be done at once.
  virtual std::unique_ptr<PutOffRuns>* put_off() { return nullptr; }
  /// Of a run that may be put off: what an output that is wanted will be. Borrowed from this.
  virtual std::pair<uint32_t, std::span<const int64_t>> foreseen(uint32_t) const { return {}; }
  /// Whether a value's memory stays its own, whatever else is run, until what was put off is done.
  virtual bool is_lasting(const void*) const { return false; }
  virtual uint64_t number() const { return 0; }

  tn_run* abi() { return reinterpret_cast<tn_run*>(this); }
  static KernelRun* from_abi(tn_run* run) { return reinterpret_cast<KernelRun*>(run); }
};

}  // namespace tenon::host
