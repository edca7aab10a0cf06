#include "host/packs/model_packs.h"

#include <algorithm>
#include <system_error>

#include "host/optimize/optimizer.h"
#include "host/packs/pack_build.h"
#include "host/packs/pack_places.h"
#include "host/packs/pack_proof.h"
#include "host/packs/source_check.h"
#include "host/packs/source_state.h"
#include "host/plugins/loading/cpu_features.h"
#include "host/storage/pack/file_mark.h"
#include "host/storage/pack/pack_file.h"
#include "host/storage/pack/pack_format.h"

namespace tenon::host {
namespace {

// Any change of placement or of the plan's meaning that gives other plans counts up. Passes and operators' facts do so
// by themselves: optimizer_fingerprint().
constexpr int kPlanVersion = 8;

std::string provider_line(const Provider& provider) {
  std::string line = concat("provider=", provider.name(), " ", provider.version(), " ", provider.build());
  std::error_code failure;
  if (const auto path = provider.path(); !path.empty()) {
    const auto size = std::filesystem::file_size(path, failure);
    const auto time = std::filesystem::last_write_time(path, failure).time_since_epoch().count();
    line += concat(" ", path.string(), " ", size, " ", time);
  }
  for (const auto& [key, value] : provider.options()) line += concat(" ", key, "=", value);
  return line + "\n";
}

std::string fixed_dimensions(const SessionOptions& options) {
  return identity_of(options.free_dimensions, options.free_denotations);
}

// Every input of a plan, as text: another text for whatever would give another one.
std::string key_of(const std::filesystem::path& model, const FileMapping& file, const SessionOptions& options,
                   const ProviderList& providers) {
  std::string key = concat("source=", model.string(), "\nidentity=", identity_text(file.identity()),
                           "\nsample=", to_hex(sampled_digest(file)), "\n");
  if (!options.external_data_root.empty()) {
    std::error_code failure;
    key += concat("root=", std::filesystem::absolute(options.external_data_root, failure).string(), "\n");
  }
  key += concat("tenon=", TENON_VERSION, " plan ", kPlanVersion, " abi ", TN_ABI_VERSION, " passes ",
                optimizer_fingerprint(), "\ncpu=", cpu_feature_names(cpu_features()), "\nfold=", options.fold_constants,
                " ", options.fold_limit_bytes, " rewrite=", options.rewrite_graph, "\n");
  if (const std::string fixed = fixed_dimensions(options); !fixed.empty()) key += concat("dimensions=", fixed, "\n");
  for (const auto& provider : providers) key += provider_line(*provider);
  return key;
}

// Of a self-contained pack: where it lies tells one apart.
std::string key_of(const PackFile& pack, const ProviderList& providers) {
  std::string key =
      concat("pack=", pack.mapping().path().string(), "\nidentity=", identity_text(pack.mapping().identity()), "\n");
  for (const auto& provider : providers) key += provider_line(*provider);
  return key;
}

// Of the files, and of what passes computed from them.
uint64_t bytes_of(const Model& model) {
  uint64_t bytes = 0;
  for (const SourceFile& file : model.files) bytes += file.mapping->bytes().size();
  for (const Graph* graph : graph_tree(*model.graph))
    for (const auto& value : graph->values())
      if (value->is_constant() && value->constant->residence() == Residence::kComputed)
        bytes += value->constant->byte_length();
  return bytes;
}

// `facts`, where there are some, remember by its header, whose checksums stand for all else, which plan was found to
// keep the rules: verifying its structure and inferring all types and shapes again is a third of an open.
Result<OpenedPack> restore(std::shared_ptr<const PackFile> pack, const SourceCheck& check, bool by_identity,
                           const ProviderList& providers, PackStore* facts) {
  OpenedPack opened;
  opened.pack = pack;
  const std::string fact =
      concat("plan ", kPlanVersion, " keeps the rules of tenon ", TENON_VERSION, " ", optimizer_fingerprint(),
             ": header ", to_hex(digest_of(pack->mapping().bytes().first(kPackHeaderBytes))));
  const bool is_known = facts != nullptr && facts->knows(fact);
  TENON_ASSIGN_OR_RETURN(opened.plan, PackPlan::read(std::move(pack)));
  TENON_ASSIGN_OR_RETURN(auto files, check.map(opened.plan->sources(), by_identity));
  TENON_ASSIGN_OR_RETURN(opened.restored, opened.plan->restore(std::move(files), providers, !is_known));
  if (facts != nullptr && !is_known) facts->remember(fact);
  return opened;
}

Status check_dimensions(const PackPlan& plan, const std::string& asked) {
  if (plan.fixed_dimensions() == asked) return {};
  const auto named = [](const std::string& sizes) { return sizes.empty() ? "free dimensions left free" : sizes; };
  return error(TN_UNSUPPORTED, "the pack was made with ", named(plan.fixed_dimensions()), ", asked for is ",
               named(asked));
}

// That kernels here pack as the pack says, once for its file, these libraries and this CPU where `facts` can remember
// it. A table of the program has no build that a fact could name.
Status prove(const OpenedPack& opened, const ProviderList& providers, PackStore* facts) {
  std::string fact = concat("packing of ", identity_text(opened.pack->mapping().identity()), " proven on ",
                            cpu_feature_names(cpu_features()), " with ");
  std::string lines;
  for (const auto& provider : providers) lines += provider_line(*provider);
  fact += to_hex(digest_of(lines));
  const bool is_remembered = facts != nullptr && has_builds(providers);
  if (is_remembered && facts->knows(fact)) return {};
  TENON_RETURN_IF_ERROR(opened.plan->prove(opened.restored));
  if (is_remembered) facts->remember(fact);
  return {};
}

// A pack that this machine did not make. Without a store nothing is remembered, and it is read in full each time.
Result<std::shared_ptr<const PackFile>> open_shipped(const std::filesystem::path& path, PackStore* store) {
  if (store != nullptr) return store->open_file(path);
  TENON_ASSIGN_OR_RETURN(auto pack, open_pack(path, OwnerRule::kThisUserOrRoot));
  TENON_RETURN_IF_ERROR(pack->verify_blobs());
  return pack;
}

class Packs final : public ModelPacks {
 public:
  Packs(std::filesystem::path model, const SessionOptions& options, const PackOptions& packs,
        const ProviderList& providers, std::shared_ptr<const FileMapping> mapping)
      : model_(std::move(model)),
        options_(options),
        packs_(packs),
        providers_(providers),
        mapping_(std::move(mapping)),
        place_{model_, options.external_data_root, mapping_},
        key_(key_of(model_, *mapping_, options, providers)),
        places_(packs) {}

  std::shared_ptr<const LoadedModel> find_loaded() const override {
    auto loaded = is_shared() ? LoadedModels::instance().find(key_) : nullptr;
    return loaded != nullptr && has_same_files(*loaded) ? loaded : nullptr;
  }

  void share(const std::shared_ptr<const LoadedModel>& loaded) const override {
    if (is_shared()) LoadedModels::instance().put(key_, loaded);
  }

  Result<OpenedPack> find() override {
    const SourceCheck check(place_, places_.facts());
    auto cached = find_stored(check);
    if (cached.is_ok()) return cached;
    const std::filesystem::path beside = model_.string() + ".tpack";
    std::error_code failure;
    if (!std::filesystem::exists(beside, failure)) return error(TN_NOT_FOUND, cached.status().message());
    Result<OpenedPack> shipped = restored(open_shipped(beside, places_.facts()), check, false);
    if (shipped.is_ok()) return shipped;
    return error(TN_NOT_FOUND, cached.status().message(), "; ", beside.string(), ": ", shipped.status().message());
  }

  Result<bool> start_building() override {
    if (packs_.mode != PackMode::kAuto) return error(TN_UNSUPPORTED, "packs are only read, as asked");
    TENON_RETURN_IF_ERROR(places_.failure());
    TENON_ASSIGN_OR_RETURN(BuildLock lock, places_.lock_build(key_));
    if (!lock.has_lock)
      return error(TN_UNSUPPORTED, "another process was still packing the model after ", packs_.patience.count(),
                   " ms: this session packs into private memory");
    lock_ = std::move(lock.lock);
    wait_until_settled(mapping_->identity());
    return !lock.waited;
  }

  Result<OpenedPack> build(const ModelToPack& contents) override {
    if (bytes_of(*contents.model) < packs_.min_source_bytes)
      return error(TN_UNSUPPORTED, "the model is small: opening it from its source takes no longer");
    for (const SourceFile& file : contents.model->files) wait_until_settled(file.mapping->identity());
    TENON_ASSIGN_OR_RETURN(auto pack, places_.build(key_, [&](PackWriter& writer) {
      return fill_pack(writer, PackUse::kHere, contents, providers_);
    }));
    lock_.reset();
    return restored(std::move(pack), SourceCheck(place_, places_.facts()), true);
  }

 private:
  // Tables in this process live as long as their session, and worker processes are its own.
  bool is_shared() const {
    return options_.provider_tables.empty() && options_.isolate.empty() && !packs_.verify_always;
  }

  // One mapping serves all who open an unchanged file.
  bool has_same_files(const LoadedModel& loaded) const {
    if (!loaded.pack->mapping().check_intact().is_ok()) return false;
    return std::all_of(loaded.model->files.begin(), loaded.model->files.end(), [&](const SourceFile& file) {
      const auto now = place_.map(file.location);
      return now.is_ok() && *now == file.mapping;
    });
  }

  Result<OpenedPack> find_stored(const SourceCheck& check) const {
    TENON_RETURN_IF_ERROR(places_.failure());
    std::string reasons;
    for (PackStore* store : places_.stores()) {
      auto opened = restored(store->find(key_), check, true);
      if (opened.is_ok()) return opened;
      reasons += (reasons.empty() ? "" : "; ") + opened.status().message();
    }
    return error(TN_NOT_FOUND, reasons);
  }

  Result<OpenedPack> restored(Result<std::shared_ptr<const PackFile>> pack, const SourceCheck& check,
                              bool by_identity) const {
    if (!pack.is_ok()) return pack.status();
    std::string note = places_.note_on(**pack);
    TENON_ASSIGN_OR_RETURN(OpenedPack opened,
                           restore(std::move(*pack), check, by_identity, providers_, places_.facts()));
    TENON_RETURN_IF_ERROR(check_dimensions(*opened.plan, fixed_dimensions(options_)));
    // One that was made here is found by the builds of its providers.
    if (!by_identity || !has_builds(providers_)) TENON_RETURN_IF_ERROR(prove(opened, providers_, places_.facts()));
    opened.note = std::move(note);
    return opened;
  }

  const std::filesystem::path model_;
  const SessionOptions& options_;
  const PackOptions packs_;
  const ProviderList& providers_;
  const std::shared_ptr<const FileMapping> mapping_;
  const ModelPlace place_;
  const std::string key_;
  PackPlaces places_;
  std::shared_ptr<void> lock_;
};

// One file that the user names.
class TargetPack final : public ModelPacks {
 public:
  TargetPack(std::filesystem::path model, std::filesystem::path target, bool self_contained,
             const SessionOptions& options, const ProviderList& providers)
      : model_(std::move(model)),
        target_(std::move(target)),
        self_contained_(self_contained),
        options_(options),
        providers_(providers) {}

  std::shared_ptr<const LoadedModel> find_loaded() const override { return nullptr; }
  void share(const std::shared_ptr<const LoadedModel>&) const override {}
  Result<OpenedPack> find() override { return error(TN_NOT_FOUND, "it is to be made anew"); }
  Result<bool> start_building() override { return true; }
  Result<OpenedPack> build(const ModelToPack& contents) override {
    const std::string key = concat("source=", model_.string(), "\ntenon=", TENON_VERSION, " plan ", kPlanVersion,
                                   " abi ", TN_ABI_VERSION, self_contained_ ? "\nself-contained\n" : "\nshipped\n");
    TENON_ASSIGN_OR_RETURN(auto writer, PackWriter::create(target_.parent_path(), key));
    TENON_RETURN_IF_ERROR(
        fill_pack(*writer, self_contained_ ? PackUse::kSelfContained : PackUse::kShipped, contents, providers_));
    TENON_RETURN_IF_ERROR(writer->publish(target_));
    TENON_ASSIGN_OR_RETURN(auto pack, PackFile::open(target_, false));
    return restore(std::move(pack), SourceCheck({model_, options_.external_data_root, nullptr}, nullptr), true,
                   providers_, nullptr);
  }

 private:
  const std::filesystem::path model_, target_;
  const bool self_contained_;
  const SessionOptions& options_;
  const ProviderList& providers_;
};

std::filesystem::path absolute_of(const std::filesystem::path& path) {
  std::error_code failure;
  const std::filesystem::path absolute = std::filesystem::absolute(path, failure);
  return failure ? path : absolute;
}

}  // namespace

std::unique_ptr<ModelPacks> ModelPacks::for_target(const std::filesystem::path& model,
                                                   const std::filesystem::path& target, bool self_contained,
                                                   const SessionOptions& options, const ProviderList& providers) {
  return std::make_unique<TargetPack>(absolute_of(model), absolute_of(target), self_contained, options, providers);
}

std::unique_ptr<ModelPacks> ModelPacks::create(const std::filesystem::path& model,
                                               std::shared_ptr<const FileMapping> file, const SessionOptions& options,
                                               const PackOptions& packs, const ProviderList& providers) {
  return std::make_unique<Packs>(absolute_of(model), options, packs, providers, std::move(file));
}

bool is_pack_file(const FileMapping& file) {
  const FilePart start{0, std::min(kPackHeaderBytes, file.bytes().size())};
  bool is_pack = false;
  file.read({&start, 1}, [&](std::span<const std::byte> bytes) { is_pack = begins_as_pack(bytes); });
  return is_pack;
}

std::shared_ptr<const LoadedModel> SelfContainedPack::find_loaded(const ProviderList& providers) const {
  auto loaded = LoadedModels::instance().find(key_of(*pack, providers));
  // An unchanged file that is open is one PackFile.
  return loaded != nullptr && loaded->pack == pack ? loaded : nullptr;
}

void SelfContainedPack::share(const std::shared_ptr<const LoadedModel>& loaded) const {
  LoadedModels::instance().put(key_of(*pack, loaded->providers), loaded);
}

Result<OpenedPack> SelfContainedPack::restore(const ProviderList& providers) const {
  auto opened = host::restore(pack, SourceCheck({}, nullptr), false, providers, facts.get());
  if (opened.is_ok())
    if (const Status proven = prove(*opened, providers, facts.get()); !proven.is_ok()) opened = proven;
  if (!opened.is_ok()) return error(opened.status().code(), opened.status().message(), ": ", mend);
  opened->note = note;
  return opened;
}

Result<SelfContainedPack> find_self_contained(const std::filesystem::path& path, std::shared_ptr<PackStore> store) {
  auto pack = open_shipped(path, store.get());
  if (!pack.is_ok()) return pack.status();
  return SelfContainedPack{std::move(*pack),
                           {},
                           "make the pack again from its model with `tenon pack`, for these providers and this machine",
                           std::move(store)};
}

}  // namespace tenon::host
