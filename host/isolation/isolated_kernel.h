// A kernel in a worker process, as the host's kernels are: behind a vtable. Made again where the process has died in
// between. thread: as kernel_api/kernel.h says of each function.
#pragma once

#include <tenon/kernel_api/kernel.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host/isolation/kernel_recipe.h"
#include "host/isolation/worker.h"

namespace tenon::host {

class IsolatedKernel {
 public:
  /// `made`: the worker's answer to the recipe's request. On success `result` is filled, whose kernel is the caller's.
  static Status create(std::shared_ptr<Worker> worker, std::shared_ptr<WorkerLife> life, KernelRecipe recipe,
                       wire::ReplyT made, tn_kernel_result* result);

  uint32_t slots() const { return slots_; }
  Status pack_plan(uint32_t slot, tn_pack_plan* plan);
  Status pack(uint32_t slot, const tn_pack_args& args);
  Status bind_pack(uint32_t slot, const void* blob, uint64_t byte_length);
  Status run(tn_run* run);
  ~IsolatedKernel();

 private:
  IsolatedKernel() = default;
  /// The process and the kernel's number in it; makes the kernel anew, packed weights included, where it has none.
  Result<std::shared_ptr<WorkerLife>> at_hand(uint64_t* number);
  Result<wire::ReplyT> ask(wire::RequestT request);
  bool may_be_written(uint32_t input) const;

  struct Plan {
    std::string key;
    std::vector<uint32_t> inputs;
  };
  struct Bound {
    uint32_t slot;
    Reached blob;
  };

  std::shared_ptr<Worker> worker_;
  KernelRecipe recipe_;
  std::vector<tn_alias> aliases_;
  uint32_t slots_ = 0;
  std::map<uint32_t, Plan> plans_;
  std::vector<bool> written_;  // inputs whose memory an output may have

  std::mutex mutex_;  // of what follows
  std::shared_ptr<WorkerLife> life_;
  uint64_t number_ = 0;
  std::vector<Bound> bound_;
};

}  // namespace tenon::host
