// Jobs for a lane: what runs of kernels take, put where the worker reads it. One thread.
#pragma once

#include <memory>
#include <vector>

#include "host/isolation/kernel_recipe.h"
#include "host/isolation/worker.h"
#include "host/plugins/calls/plugin_call.h"
#include "host/plugins/kernel_run.h"

namespace tenon::host {

class LaneJobs {
 public:
  struct Job {
    CallFacts call;  // whose texts live as long as the kernel's node
    uint64_t number = 0;
    std::vector<std::pair<const void*, uint64_t>> inputs;  // memory of this process, and where the heap has it
  };

  LaneJobs(Worker& worker, HostLane& lane) : heap_(worker.heap()), lane_(lane) {}

  /// `is_lasting`: all that it reads and writes stays as it is until the job is done.
  Status add(const KernelInWorker& kernel, KernelRun& run, bool* is_lasting);
  uint64_t first() const { return first_; }
  const std::vector<Job>& jobs() const { return jobs_; }

  /// Memory for an output of the last job, now that the kernel asks for it, or because it is foreseen.
  Status give_output(KernelRun& run, uint32_t index, uint32_t dtype, std::span<const int64_t> shape, LaneTensor& given,
                     bool* is_lasting);
  /// Brings outputs whose memory the worker does not reach to where they belong.
  void bring_outputs() const;

 private:
  struct Brought {
    uint64_t bytes;
    void* to;
    const std::byte* from;
  };

  Status give_input(KernelRun& run, uint32_t index, const KernelInWorker& kernel, LaneTensor& given, bool* is_lasting);
  Status put_strings(LaneTensor& given, const tn_tensor& input);
  std::byte* take(uint64_t bytes, uint64_t* offset);

  const std::shared_ptr<SharedHeap>& heap_;
  HostLane& lane_;
  LaneJob* last_ = nullptr;
  uint64_t first_ = 0;
  std::vector<Job> jobs_;
  std::vector<Brought> brought_;
};

}  // namespace tenon::host
