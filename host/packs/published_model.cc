#include "host/packs/published_model.h"

#include "host/packs/pack_build.h"
#include "host/packs/pack_places.h"
#include "host/storage/pack/shared_memory.h"

namespace tenon::host {
namespace {

SelfContainedPack published(std::shared_ptr<const PackFile> pack, std::shared_ptr<PackStore> store) {
  return {std::move(pack), "published in shared memory",
          "publish the model again, for these providers and this machine", std::move(store)};
}

class PublishedPack final : public ModelPacks {
 public:
  PublishedPack(std::string name, std::string key, std::unique_ptr<PackStore> store, const ProviderList& providers)
      : name_(std::move(name)), key_(std::move(key)), store_(std::move(store)), providers_(providers) {}

  std::shared_ptr<const LoadedModel> find_loaded() const override { return nullptr; }
  void share(const std::shared_ptr<const LoadedModel>&) const override {}
  Result<OpenedPack> find() override { return error(TN_NOT_FOUND, "it is to be made anew"); }
  Result<bool> start_building() override { return true; }
  Result<OpenedPack> build(const ModelToPack& contents) override {
    TENON_ASSIGN_OR_RETURN(auto writer, store_->create_named(name_, key_));
    TENON_RETURN_IF_ERROR(fill_pack(*writer, PackUse::kSelfContained, contents, providers_));
    TENON_ASSIGN_OR_RETURN(auto pack, store_->publish_named(std::move(writer), name_));
    return published(std::move(pack), store_).restore(providers_);
  }

 private:
  const std::string name_, key_;
  const std::shared_ptr<PackStore> store_;
  const ProviderList& providers_;
};

Status no_such_name(const std::string& name) {
  return error(TN_NOT_FOUND, "no model is published as '", name,
               "': `tenon cache ls` lists those that are, `tenon publish MODEL --name NAME` publishes one");
}

}  // namespace

std::optional<std::string> published_name(const std::filesystem::path& path) {
  const std::string& text = path.native();
  const std::string_view prefix = kPublishedPrefix;
  if (!text.starts_with(prefix)) return std::nullopt;
  return text.substr(prefix.size());
}

Result<SelfContainedPack> find_published(const std::string& name, const PackOptions& packs) {
  TENON_ASSIGN_OR_RETURN(const auto folder, shared_memory_folder());
  std::error_code failed;
  const bool is_missing = !std::filesystem::exists(folder, failed);
  TENON_ASSIGN_OR_RETURN(auto store, open_shared_store(packs, is_missing || packs.mode != PackMode::kAuto));
  auto pack = store->find_named(name);
  if (pack.status().code() == TN_NOT_FOUND) return no_such_name(name);
  if (!pack.is_ok()) return pack.status();
  return published(std::move(*pack), std::move(store));
}

Result<std::unique_ptr<ModelPacks>> packs_for_publishing(const std::string& name, const std::string& source,
                                                         const PackOptions& packs, const ProviderList& providers) {
  if (packs.mode == PackMode::kReadOnly)
    return error(TN_UNSUPPORTED, "packs are only read, as asked: publish without TENON_PACK=readonly");
  TENON_ASSIGN_OR_RETURN(auto store, open_shared_store(packs, false));
  std::string key = concat("source=", source, "\npublished=", name, "\ntenon=", TENON_VERSION, "\nself-contained\n");
  return std::unique_ptr<ModelPacks>(
      std::make_unique<PublishedPack>(name, std::move(key), std::move(store), providers));
}

Status unpublish_model(const std::string& name) {
  TENON_ASSIGN_OR_RETURN(const auto store, open_shared_store({}, false));
  const Status removed = store->remove_named(name);
  return removed.code() == TN_NOT_FOUND ? no_such_name(name) : removed;
}

}  // namespace tenon::host
