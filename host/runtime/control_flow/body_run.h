// Runs the subgraph of a control-flow step as often as asked: lends it a state and an arena for the time of the step,
// so that iterations allocate only what the subgraph hands out. Used by one thread.
#pragma once

#include <memory>
#include <vector>

#include "host/runtime/host_ops/host_step.h"

namespace tenon::host {

class BodyRun {
 public:
  /// `control` must outlive it.
  BodyRun(HostStep& control, size_t body);
  /// Keeps what was learnt of sizes for the next run.
  ~BodyRun();
  BodyRun(const BodyRun&) = delete;
  BodyRun& operator=(const BodyRun&) = delete;

  const Graph& graph() const { return *program_.graph; }
  /// One run; `inputs`: one per input of the subgraph, of the types that it declares. The outputs own their memory, but
  /// for tensors that hand on an input without an owner, a constant or a value of an outer graph.
  Result<std::vector<RunValue>> run(std::vector<RunValue> inputs);

 private:
  Status check_input(size_t i, const RunValue& value) const;
  void sign_shapes();
  void learn();
  std::vector<RunValue> take_outputs();

  HostStep& control_;
  RunPool& pool_;
  const Program& program_;
  RunPool::StateLease state_;
  ShapeSignature signature_;  // of the first run
  std::shared_ptr<const MemoryPlan> plan_;
  ArenaPool::Lease arena_;
  std::vector<uint64_t> sizes_;  // the most that each value took
  uint64_t runs_ = 0;
  bool outgrew_plan_ = false;
};

}  // namespace tenon::host
