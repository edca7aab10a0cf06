// What a kernel's tn_run stands for on the host's side. The functions of tn_run_api (plugins/abi_run.cc) forward to it;
// the executor and the constant folder implement it.
#pragma once

#include <tenon/kernel_api/run.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "host/base/status.h"
#include "host/threads/thread_pool.h"

namespace tenon::host {

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
  /// Whether anybody wants to hear of phases.
  virtual bool is_profiled() const { return true; }

  tn_run* abi() { return reinterpret_cast<tn_run*>(this); }
  static KernelRun* from_abi(tn_run* run) { return reinterpret_cast<KernelRun*>(run); }
};

}  // namespace tenon::host
