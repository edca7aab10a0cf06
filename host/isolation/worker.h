// A provider's worker process as its session has it: started when it is needed, and again after it has died. Outlives
// all kernels that were made in it. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/isolation/lane.h"
#include "host/isolation/protocol_generated.h"
#include "host/isolation/reach.h"
#include "host/isolation/shared_heap.h"
#include "host/isolation/worker_process.h"
#include "host/plugins/loading/provider_library.h"
#include "host/plugins/loading/provider_list.h"
#include "host/storage/file_mapping.h"

namespace tenon::host {

/// What a worker is started with.
struct WorkerFacts {
  ProviderLibrary::File library;
  std::map<std::string, std::string> options;
  InstanceFacts instance;
};

/// A piece of the heap for one run at a time, which the worker has a thread for.
struct HostLane {
  HostRegion memory;
  /// What a run needs beside its values' own memory; emptied with each.
  HostRegion transfer;
  uint64_t transfer_used = 0;
  std::vector<HostRegion> overflow;  // of a run that needed more than `transfer` has
  std::chrono::microseconds last_run{0};

  Lane& shared() const { return *reinterpret_cast<Lane*>(memory.data()); }
  /// Memory that the worker reaches, aligned to 64 bytes, until the run ends. nullptr: none is left.
  std::byte* take(uint64_t bytes, const std::shared_ptr<SharedHeap>& heap);
  void end_run();
};

/// One process, from its start to its end.
struct WorkerLife {
  std::unique_ptr<WorkerProcess> process;
  wire::ReplyT hello;
  size_t files_known = 0;  // of the worker's list
  std::optional<FileIdentity> library;  // the file that it was loaded from

  std::mutex mutex;  // of what follows
  std::vector<std::unique_ptr<HostLane>> idle_lanes;
  Status death;  // once it has died
};

class Worker {
 public:
  Worker(WorkerFacts facts, std::shared_ptr<SharedHeap> heap) : facts_(std::move(facts)), heap_(std::move(heap)) {}

  const WorkerFacts& facts() const { return facts_; }
  const std::shared_ptr<SharedHeap>& heap() const { return heap_; }

  /// The process that runs, or a new one where none does. TN_UNSUPPORTED for a library in quarantine.
  Result<std::shared_ptr<WorkerLife>> life();
  /// An error of the request, or what the process died of.
  Result<wire::ReplyT> ask(WorkerLife& life, const wire::RequestT& request);
  /// Is not answered, and says nothing of a process that has died.
  void tell(WorkerLife& life, const wire::RequestT& request);

  /// Bytes of a mapped file stay where they are, all others are copied into the heap unless they lie there.
  Result<Reached> reach(const void* data, uint64_t bytes);

  /// A lane of the process; goes back by give_back(), unless the process has died.
  Result<std::unique_ptr<HostLane>> take_lane(WorkerLife& life);
  void give_back(WorkerLife& life, std::unique_ptr<HostLane> lane);

  /// To be asked when the process does not answer: an error once it has died, with what this thread called it for.
  Status check_alive(WorkerLife& life);
  /// Ends a process that does not heed a stop. `reason`: what it was ended for.
  Status end(WorkerLife& life, const Status& reason);

 private:
  Result<std::shared_ptr<WorkerLife>> start();
  Result<wire::ReplyT> exchange(WorkerLife& life, const wire::RequestT& request, int descriptor = -1);
  Status tell_files(WorkerLife& life);
  Status died(WorkerLife& life);

  const WorkerFacts facts_;
  const std::shared_ptr<SharedHeap> heap_;
  std::mutex mutex_;  // of requests, and of what follows
  std::shared_ptr<WorkerLife> life_;
  std::vector<std::shared_ptr<const FileMapping>> files_;  // segment i + 1
};

}  // namespace tenon::host
