// The worker's side of lanes: a thread for each, which runs what the host puts there. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "host/isolation/lane.h"
#include "host/isolation/worker/segments.h"
#include "host/plugins/kernel.h"
#include "host/runtime/scratch.h"

namespace tenon::host {

class LaneServer {
 public:
  /// The kernel of a number, held while it runs; nullptr: there is none. thread: any
  using FindKernel = std::function<std::shared_ptr<const Kernel>(uint64_t)>;

  /// `provider`: the name of whose kernels they are.
  LaneServer(const Segments& segments, std::string provider, FindKernel find_kernel)
      : segments_(segments), provider_(std::move(provider)), find_kernel_(std::move(find_kernel)) {}
  /// Waits for runs to end.
  ~LaneServer();

  /// Starts the thread of a lane at `offset` of the heap.
  Status open(uint64_t offset);

 private:
  void serve(Lane& lane);
  Status run_all(Lane& lane, Scratch& scratch);
  Status run(Lane& lane, LaneJob& job, Scratch& scratch);

  const Segments& segments_;
  const std::string provider_;
  const FindKernel find_kernel_;
  std::atomic<bool> is_ending_{false};
  std::mutex mutex_;
  std::vector<std::thread> threads_;
  std::vector<Lane*> lanes_;
};

/// The message of a status without the name of the provider, which the host adds for its own kernels.
Status without_context(const Status& status, const std::string& provider);

}  // namespace tenon::host
