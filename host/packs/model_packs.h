// The packs of one model: finding one that fits the model's files and the session's providers, building one when there
// is none. Any doubt about a pack is a miss with its reason. Used by one thread while a session opens.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/packs/model_to_pack.h"
#include "host/packs/pack_options.h"
#include "host/packs/plan_reader.h"
#include "host/session/loaded_model.h"
#include "host/session/options.h"
#include "host/storage/pack/pack_store.h"

namespace tenon::host {

/// A pack that fits, and what it restored.
struct OpenedPack {
  std::shared_ptr<const PackFile> pack;
  std::unique_ptr<PackPlan> plan;
  PackPlan::Restored restored;
  std::string note;  // for the report: where the pack lies when not in the cache folder, and why
};

class ModelPacks {
 public:
  /// Of the model that `file` maps and that lies at `model`. `packs` with their environment applied, mode not kOff;
  /// `options` and `providers` must outlive it.
  static std::unique_ptr<ModelPacks> create(const std::filesystem::path& model, std::shared_ptr<const FileMapping> file,
                                            const SessionOptions& options, const PackOptions& packs,
                                            const ProviderList& providers);
  /// Builds into the file `target`, for shipping it beside the model or, self-contained, without it; finds nothing.
  static std::unique_ptr<ModelPacks> for_target(const std::filesystem::path& model, const std::filesystem::path& target,
                                                bool self_contained, const SessionOptions& options,
                                                const ProviderList& providers);
  virtual ~ModelPacks() = default;

  /// What a session of this process loaded from the same files, as they are now, with the same providers and options.
  /// nullptr: none that is open.
  virtual std::shared_ptr<const LoadedModel> find_loaded() const = 0;
  /// For sessions to come, as long as one holds it.
  virtual void share(const std::shared_ptr<const LoadedModel>& loaded) const = 0;
  /// The pack in the user's folder, or beside the model (<model>.tpack). TN_NOT_FOUND with the reasons for a miss.
  virtual Result<OpenedPack> find() = 0;
  /// The right to build the pack, waiting for others who do. True: build it; false: another made it, find() again.
  /// TN_UNSUPPORTED: none will be built, with the reason.
  virtual Result<bool> start_building() = 0;
  /// Packs, writes, publishes, and opens what was published.
  virtual Result<OpenedPack> build(const ModelToPack& contents) = 0;
};

/// Whether the file's first bytes are those of a pack.
bool is_pack_file(const FileMapping& file);

/// A pack that needs no source, verified.
struct SelfContainedPack {
  std::shared_ptr<const PackFile> pack;
  std::string note;                  // see OpenedPack
  std::string mend;                  // of one that does not fit, for errors
  std::shared_ptr<PackStore> facts;  // that remembers what was proven of it; nullptr: nothing is

  /// What a session of this process loaded from it with the same providers; nullptr: none that is open.
  std::shared_ptr<const LoadedModel> find_loaded(const ProviderList& providers) const;
  /// For sessions to come, as long as one holds it.
  void share(const std::shared_ptr<const LoadedModel>& loaded) const;
  Result<OpenedPack> restore(const ProviderList& providers) const;
};

/// `store`: remembers that the file is whole; nullptr: it is read in full each time.
Result<SelfContainedPack> find_self_contained(const std::filesystem::path& path, std::shared_ptr<PackStore> store);

}  // namespace tenon::host
