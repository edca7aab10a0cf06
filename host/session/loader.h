// Takes a model through all stages of an open, or restores what a pack holds of one. A loader loads one model, in one
// thread.
#pragma once

#include <memory>
#include <string>
#include <unordered_set>

#include "host/packs/model_packs.h"
#include "host/report/report.h"
#include "host/report/stage_clock.h"
#include "host/session/loaded_model.h"
#include "host/session/options.h"
#include "host/session/run_budget.h"

namespace tenon::host {

/// What was loaded, and what loading has to tell.
struct Loading {
  std::shared_ptr<const LoadedModel> model;
  bool can_run = false;  // every node has a provider
  SessionReport report;  // model, pack, notes, stages; placement, where no plan tells it
};

class Loader {
 public:
  /// `options` must outlive it.
  Loader(const SessionOptions& options, RunBudget budget, ProviderList providers, StageClock clock);

  const ProviderList& providers() const { return model_->providers; }
  void end_stage(std::string name) { clock_.end_stage(std::move(name)); }
  /// Why no pack is in use.
  void set_pack_reason(std::string reason) { report_.pack.reason = std::move(reason); }

  // One of these, once.
  /// Takes the imported model through all stages. `packs`: where the result is kept for the next session, and is run
  /// from; nullptr: nowhere. TN_DATA_LOST, whatever else failed, when a file did not stay as it was.
  Result<Loading> prepare(std::unique_ptr<Model> model, ModelPacks* packs);
  /// Takes over what a pack restored. `path`: of the model, as the user gave it.
  Loading adopt(OpenedPack opened, std::string path);
  /// Takes part in what another session loaded.
  Loading share(std::shared_ptr<const LoadedModel> loaded, std::string path);

 private:
  Result<Loading> take_through_stages(ModelPacks* packs);
  Status optimize();
  Result<Placement> place();
  Result<std::unique_ptr<Provider>> make_alike(const ProviderSpec& spec) const;
  Result<bool> add_provider_for(const std::unordered_set<const Node*>& missing);
  Result<Loading> pack_weights(Placement placement, ModelPacks* packs);
  Status take_digests();
  Loading restored(OpenedPack opened, std::string state);
  void tell_pack(const LoadedModel& loaded, std::string state);
  Loading finish(std::shared_ptr<const LoadedModel> loaded, bool can_run);

  const SessionOptions& options_;
  const RunBudget budget_;
  std::shared_ptr<LoadedModel> model_;
  std::string added_provider_;  // beside those of the default order; empty: none
  SessionReport report_;
  StageClock clock_;
};

}  // namespace tenon::host
