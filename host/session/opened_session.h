// A session's parts and their order of life. See session.h.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host/packs/model_packs.h"
#include "host/placement/placement.h"
#include "host/report/residency.h"
#include "host/report/stage_clock.h"
#include "host/runtime/runner.h"
#include "host/session/loaded_model.h"
#include "host/session/session.h"

namespace tenon::host {

class OpenedSession final : public Session {
 public:
  OpenedSession(const SessionOptions& options, ProviderList providers);

  /// Takes the imported model through all stages. `packs`: where the result is kept for the next session, and is run
  /// from; nullptr: nowhere.
  Status prepare(std::unique_ptr<Model> model, ModelPacks* packs, StageClock clock);
  /// Takes over what a pack restored. `path`: of the model. `state`: for the report.
  void adopt(OpenedPack opened, std::string path, std::string state, StageClock clock);
  /// Takes part in what another session loaded.
  void share(std::shared_ptr<const LoadedModel> loaded, std::string path, StageClock clock);
  /// Why no pack is in use.
  void set_pack_reason(std::string reason) { report_.pack.reason = std::move(reason); }
  const std::shared_ptr<const LoadedModel>& loaded() const { return loaded_; }
  const ProviderList& providers() const { return loaded_->providers; }
  bool has_model() const { return loaded_->model != nullptr; }
  void apply_memory_policy();
  /// Whatever was computed from files that did not stay as they were is worthless, errors included.
  Status check_files() const;
  bool reaffirm_files() const;

  const PackEntry& pack() const { return report_.pack; }

  const std::vector<Port>& inputs() const override { return loaded_->inputs; }
  const std::vector<Port>& outputs() const override { return loaded_->outputs; }
  const Model& model() const override { return *loaded_->model; }
  Result<std::vector<Tensor>> run(std::span<const NamedTensor> inputs, std::span<const std::string> wanted,
                                  const RunOptions& options) override;
  SessionReport report() const override;

 private:
  Status optimize(StageClock* clock);
  Result<bool> pack_weights(Placement* placement, ModelPacks* packs, StageClock* clock);
  Status take_digests();
  bool has_same_bytes(size_t file, std::span<const std::byte> bytes) const;
  void note_clashes(std::span<const NamedTensor> inputs, std::span<const size_t> given);
  void start();
  void tell_pack(std::string state);
  HeldMemory held_memory() const;

  const SessionOptions options_;
  const unsigned threads_;
  const uint64_t limit_;
  std::shared_ptr<LoadedModel> own_;           // while this session loads it
  std::shared_ptr<const LoadedModel> loaded_;  // own_, or what another session loaded
  std::string path_;                           // of the model, as it was given
  std::unique_ptr<Runner> runner_;
  SessionReport report_;  // what was known when the session opened
  mutable std::mutex clashes_mutex_;
  std::map<std::string, std::string> clashes_;  // by the name of the dimension; what the first such run had to say
};

}  // namespace tenon::host
