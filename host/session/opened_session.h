// A session's parts and their order of life. See session.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/session/packs/model_packs.h"
#include "host/session/placement.h"
#include "host/session/prepack.h"
#include "host/session/residency.h"
#include "host/session/runner.h"
#include "host/session/session.h"
#include "host/session/stage_clock.h"

namespace tenon::host {

class OpenedSession final : public Session {
 public:
  OpenedSession(const SessionOptions& options, ProviderList providers);

  /// Takes the imported model through all stages. `packs`: where the result is kept for the next session, and is run
  /// from; nullptr: nowhere.
  Status prepare(std::unique_ptr<Model> model, ModelPacks* packs, StageClock clock);
  /// Takes over what a pack restored. `path`: of the model. `state`: for the report.
  void adopt(OpenedPack opened, std::string path, std::string state, StageClock clock);
  /// Why no pack is in use.
  void set_pack_reason(std::string reason) { report_.pack.reason = std::move(reason); }
  const ProviderList& providers() const { return providers_; }
  bool has_model() const { return model_ != nullptr; }
  void apply_memory_policy();
  /// Whatever was computed from files that did not stay as they were is worthless, errors included.
  Status check_files() const;

  const PackEntry& pack() const { return report_.pack; }

  const std::vector<Port>& inputs() const override { return inputs_; }
  const std::vector<Port>& outputs() const override { return outputs_; }
  const Model& model() const override { return *model_; }
  Result<std::vector<Tensor>> run(std::span<const NamedTensor> inputs, std::span<const std::string> wanted,
                                  const RunOptions& options) override;
  SessionReport report() const override;

 private:
  Status fold();
  Status optimize(StageClock* clock);
  Result<bool> pack_weights(Placement* placement, ModelPacks* packs, StageClock* clock);
  void drop_unread(const PrepackPlan& plan);
  void start(std::vector<Step> steps);
  HeldMemory held_memory() const;

  const SessionOptions options_;
  const unsigned threads_;
  const uint64_t limit_;
  const ProviderList providers_;  // outlives the kernels in program_
  std::unique_ptr<Model> model_;
  // What the kernels in program_ read packed weights from: a pack file, or private memory.
  std::shared_ptr<const PackFile> pack_;
  std::unique_ptr<PackPlan> plan_;
  PackedWeights packed_;
  Program program_;
  std::unique_ptr<Runner> runner_;
  std::vector<Port> inputs_, outputs_;
  SessionReport report_;  // what was known when the session opened
};

}  // namespace tenon::host
