// Ways to open a session: from a pack, from a file, from memory.
#include "host/session/session.h"

#include <cstdlib>

#include "host/base/exceptions.h"
#include "host/formats/importer.h"
#include "host/packs/pack_places.h"
#include "host/packs/published_model.h"
#include "host/plugins/crash_report.h"
#include "host/session/opened_session.h"
#include "host/storage/fault_guard.h"
#include "host/storage/file_mapping.h"
#include "host/threads/tasks.h"
#include "host/threads/thread_pool.h"

namespace tenon::host {
namespace {

Result<std::vector<ProviderSpec>> default_providers() {
  const char* list = std::getenv("TENON_PROVIDERS");
  return parse_provider_list(list != nullptr && *list != '\0' ? list : kDefaultProviders);
}

Result<ProviderList> make_providers(const SessionOptions& options) {
  ProviderList providers;
  for (const tn_provider* table : options.provider_tables) {
    TENON_ASSIGN_OR_RETURN(auto provider, Provider::create(*table, {}));
    providers.push_back(std::move(provider));
  }
  std::vector<ProviderSpec> specs = options.providers;
  const bool by_default = specs.empty() && providers.empty();
  if (by_default) {
    auto defaults = default_providers();
    if (!defaults.is_ok()) return defaults.status().with_context("TENON_PROVIDERS");
    specs = std::move(*defaults);
  }
  for (const ProviderSpec& spec : specs) {
    auto provider = Provider::defer(spec);
    if (!provider.is_ok())
      return !by_default ? provider.status()
                         : error(provider.status().code(), provider.status().message(), " (provider '", spec.name,
                                 "' is of the default order; set TENON_PROVIDER_PATH to the folder that holds it, or "
                                 "name other providers)");
    providers.push_back(std::move(*provider));
  }
  return providers;
}

ImportOptions importing(const SessionOptions& options) {
  ImportOptions made;
  made.external_data_root = options.external_data_root;
  made.run_tasks = [threads = granted_threads(options.threads)](size_t count, const std::function<void(size_t)>& task) {
    (void)run_tasks(count, threads, [&](size_t i) { return task(i), Status(); });
  };
  return made;
}

/// Opens from a pack where there is one that fits, else from the source, leaving a pack behind.
class Opening {
 public:
  Opening(const SessionOptions& options, ProviderList providers, StageClock clock)
      : options_(options),
        session_(std::make_unique<OpenedSession>(options, std::move(providers))),
        clock_(std::move(clock)) {}

  Status open_file(const std::filesystem::path& path) {
    TENON_ASSIGN_OR_RETURN(const PackOptions packs, resolve_pack_options(options_.pack));
    if (const auto name = published_name(path)) {
      TENON_ASSIGN_OR_RETURN(const SelfContainedPack pack, find_published(*name, packs));
      return open_pack(pack, path.string());
    }
    TENON_ASSIGN_OR_RETURN(const auto file, FileMapping::open(path));
    if (is_pack_file(*file)) {
      const auto places = std::make_shared<PackPlaces>(packs);
      std::shared_ptr<PackStore> facts(places, places->facts());
      TENON_ASSIGN_OR_RETURN(const SelfContainedPack pack, find_self_contained(path, std::move(facts)));
      return open_pack(pack, path.string());
    }
    std::unique_ptr<ModelPacks> model_packs;
    if (packs.mode == PackMode::kOff) {
      session_->set_pack_reason("packs are off, as asked");
    } else {
      model_packs = ModelPacks::create(path, file, options_, packs, session_->providers());
    }
    if (model_packs == nullptr) return import(path, nullptr);
    if (auto loaded = model_packs->find_loaded()) {
      session_->share(std::move(loaded), path.string(), std::move(clock_));
      return {};
    }
    if (!adopt_pack(*model_packs, path))
      TENON_RETURN_IF_ERROR(import(path, is_building_ ? model_packs.get() : nullptr));
    if (session_->loaded()->pack != nullptr) model_packs->share(session_->loaded());
    return {};
  }

  Status open_model(std::unique_ptr<Model> model) {
    session_->set_pack_reason("only models that are opened from a file have packs");
    clock_.end_stage("import");
    return session_->prepare(std::move(model), nullptr, std::move(clock_));
  }

  Status pack_into(const std::filesystem::path& path, const std::filesystem::path& target, bool self_contained) {
    TENON_ASSIGN_OR_RETURN(const auto file, FileMapping::open(path));
    if (is_pack_file(*file))
      return error(TN_INVALID_ARGUMENT, "it is a pack already; name the model that it was made from");
    TENON_ASSIGN_OR_RETURN(auto model, import_model_file(path, importing(options_)));
    clock_.end_stage("import");
    const auto packs = ModelPacks::for_target(path, target, self_contained, options_, session_->providers());
    return write_pack(std::move(model), *packs, target.string());
  }

  Status publish(std::unique_ptr<Model> model, const std::string& name) {
    clock_.end_stage("import");
    TENON_ASSIGN_OR_RETURN(const PackOptions packs, resolve_pack_options(options_.pack));
    TENON_ASSIGN_OR_RETURN(const auto published, packs_for_publishing(name, model->path, packs, session_->providers()));
    return write_pack(std::move(model), *published, kPublishedPrefix + name);
  }

  std::unique_ptr<OpenedSession> take() { return std::move(session_); }

 private:
  Status import(const std::filesystem::path& path, ModelPacks* packs) {
    TENON_ASSIGN_OR_RETURN(auto model, import_model_file(path, importing(options_)));
    clock_.end_stage("import");
    return session_->prepare(std::move(model), packs, std::move(clock_));
  }

  // `target`: for errors.
  Status write_pack(std::unique_ptr<Model> model, ModelPacks& packs, const std::string& target) {
    TENON_RETURN_IF_ERROR(session_->prepare(std::move(model), &packs, std::move(clock_)));
    if (session_->pack().state == "made") return {};
    return error(TN_UNSUPPORTED, "no pack was written to ", target, ": ", session_->pack().reason);
  }

  // True: the session runs from a pack. Otherwise this process may be the one to build it.
  bool adopt_pack(ModelPacks& packs, const std::filesystem::path& path) {
    auto found = packs.find();
    if (!found.is_ok()) {
      std::string reason = found.status().message();
      const Result<bool> turn = packs.start_building();
      is_building_ = turn.is_ok() && *turn;
      if (!turn.is_ok()) reason += "; " + turn.status().message();
      if (turn.is_ok() && !*turn) {
        found = packs.find();
        is_building_ = !found.is_ok();  // the other one could not: this one holds the lock now
      }
      session_->set_pack_reason(std::move(reason));
    }
    if (!found.is_ok()) return false;
    session_->adopt(std::move(*found), path.string(), "used", std::move(clock_));
    return true;
  }

  Status open_pack(const SelfContainedPack& pack, std::string path) {
    // Tables in this process live as long as their session.
    const bool is_shared = options_.provider_tables.empty();
    if (auto loaded = is_shared ? pack.find_loaded(session_->providers()) : nullptr) {
      session_->share(std::move(loaded), std::move(path), std::move(clock_));
      return {};
    }
    TENON_ASSIGN_OR_RETURN(OpenedPack opened, pack.restore(session_->providers()));
    session_->adopt(std::move(opened), std::move(path), "used", std::move(clock_));
    if (is_shared) pack.share(session_->loaded());
    return {};
  }

  const SessionOptions& options_;
  std::unique_ptr<OpenedSession> session_;
  StageClock clock_;
  bool is_building_ = false;
};

bool wants_crash_report() {
  const char* setting = std::getenv("TENON_CRASH_REPORT");
  return setting != nullptr && std::string_view(setting) == "1";
}

/// `open` fills the session; `what` names the model in errors.
template <typename Open>
Result<std::unique_ptr<OpenedSession>> open_with(const SessionOptions& options, const std::string& what, Open&& open) {
  return guarded([&]() -> Result<std::unique_ptr<OpenedSession>> {
    const FaultGuardPause pause(!options.fault_guard);
    if (options.crash_report || wants_crash_report()) install_crash_report();
    StageClock clock;
    TENON_ASSIGN_OR_RETURN(ProviderList providers, make_providers(options));
    clock.end_stage("providers");
    Opening opening(options, std::move(providers), std::move(clock));
    const Status status = open(opening);
    auto session = opening.take();
    if (status.is_ok()) session->apply_memory_policy();
    if (session->has_model()) TENON_RETURN_IF_ERROR(session->check_files());
    if (!status.is_ok()) return status.message().starts_with(what) ? status : status.with_context(what);
    return session;
  });
}

template <typename Open>
Result<std::unique_ptr<Session>> open_session(const SessionOptions& options, const std::string& what, Open&& open) {
  auto session = open_with(options, what, std::forward<Open>(open));
  if (!session.is_ok()) return session.status();
  return std::unique_ptr<Session>(std::move(*session));
}

}  // namespace

Result<std::unique_ptr<Session>> Session::open(const std::filesystem::path& path, const SessionOptions& options) {
  return open_session(options, path.string(), [&](Opening& opening) { return opening.open_file(path); });
}

Result<std::unique_ptr<Session>> Session::open_bytes(std::span<const std::byte> bytes,
                                                     std::shared_ptr<const void> owner, const SessionOptions& options,
                                                     const std::filesystem::path& folder) {
  return open_session(options, "", [&](Opening& opening) -> Status {
    TENON_ASSIGN_OR_RETURN(auto model, import_model_bytes(bytes, std::move(owner), folder, importing(options)));
    return opening.open_model(std::move(model));
  });
}

Result<std::unique_ptr<Session>> Session::open_model(std::unique_ptr<Model> model, const SessionOptions& options) {
  return open_session(options, "", [&](Opening& opening) { return opening.open_model(std::move(model)); });
}

Status pack_model(const std::filesystem::path& model, const std::filesystem::path& target, bool self_contained,
                  const SessionOptions& options) {
  const auto packed = open_with(options, model.string(),
                                [&](Opening& opening) { return opening.pack_into(model, target, self_contained); });
  return packed.status();
}

Status publish_model(const std::filesystem::path& model, const std::string& name, const SessionOptions& options) {
  TENON_RETURN_IF_ERROR(PackStore::check_name(name));
  return open_with(options, model.string(),
                   [&](Opening& opening) -> Status {
                     TENON_ASSIGN_OR_RETURN(const auto file, FileMapping::open(model));
                     if (is_pack_file(*file))
                       return error(TN_INVALID_ARGUMENT, "it is a pack already; name the model that it was made from");
                     TENON_ASSIGN_OR_RETURN(auto imported, import_model_file(model, importing(options)));
                     return opening.publish(std::move(imported), name);
                   })
      .status();
}

Status publish_bytes(std::span<const std::byte> bytes, const std::string& name, const SessionOptions& options,
                     const std::filesystem::path& folder) {
  TENON_RETURN_IF_ERROR(PackStore::check_name(name));
  return open_with(options, "",
                   [&](Opening& opening) -> Status {
                     TENON_ASSIGN_OR_RETURN(auto model, import_model_bytes(bytes, nullptr, folder, importing(options)));
                     return opening.publish(std::move(model), name);
                   })
      .status();
}

}  // namespace tenon::host
