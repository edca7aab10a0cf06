// Ways to open a session: from a pack, from a file, from memory.
#include <set>
#include <sstream>

#include "host/base/exceptions.h"
#include "host/formats/importer.h"
#include "host/isolation/isolated_provider.h"
#include "host/packs/pack_places.h"
#include "host/packs/published_model.h"
#include "host/plugins/calls/crash_report.h"
#include "host/session/opened_session.h"
#include "host/session/option_table.h"
#include "host/session/session.h"
#include "host/storage/fault_guard.h"
#include "host/storage/file_mapping.h"
#include "host/threads/tasks.h"
#include "host/threads/thread_pool.h"

namespace tenon::host {
namespace {

// Marks the providers that are to have a process of their own, which share memory with this one.
class Isolation {
 public:
  static Result<Isolation> create(const std::string& names, const std::vector<ProviderSpec>& specs) {
    Isolation isolation;
    std::istringstream list(names);
    for (std::string name; std::getline(list, name, ',');) {
      isolation.of_all_ = isolation.of_all_ || name == "all";
      isolation.names_.insert(name);
      const bool is_known =
          std::any_of(specs.begin(), specs.end(), [&](const auto& spec) { return spec.name == name; });
      if (name == "all" || is_known) continue;
      std::string known;
      for (const ProviderSpec& spec : specs) known += (known.empty() ? "'" : ", '") + spec.name + "'";
      return error(TN_INVALID_ARGUMENT, "option 'isolate' names provider '", name, "', expected all or one of ", known,
                   ": name it as the providers are named");
    }
    if (!isolation.names_.empty()) {
      TENON_ASSIGN_OR_RETURN(isolation.heap_, SharedHeap::create());
    }
    return isolation;
  }

  Result<std::unique_ptr<Provider>> make(const ProviderSpec& spec, const InstanceFacts& facts) const {
    const bool is_isolated = of_all_ || names_.contains(spec.name);
    return is_isolated ? isolate_provider(spec, facts, heap_) : Provider::defer(spec, facts);
  }

 private:
  bool of_all_ = false;
  std::set<std::string> names_;
  std::shared_ptr<SharedHeap> heap_;
};

// `by_default`: the user's program named none, though the environment may have.
Result<ProviderList> make_providers(const SessionOptions& options, bool by_default, const InstanceFacts& facts) {
  ProviderList providers;
  for (const tn_provider* table : options.provider_tables) {
    TENON_ASSIGN_OR_RETURN(auto provider, Provider::create(*table, {}, facts));
    providers.push_back(std::move(provider));
  }
  std::vector<ProviderSpec> specs = options.providers;
  if (specs.empty() && providers.empty()) {
    TENON_ASSIGN_OR_RETURN(specs, parse_provider_list(kDefaultProviders));
  }
  TENON_ASSIGN_OR_RETURN(const Isolation isolation, Isolation::create(options.isolate, specs));
  for (const ProviderSpec& spec : specs) {
    auto provider = isolation.make(spec, facts);
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
  made.initializers = options.initializers;
  made.run_tasks = [threads = granted_threads(options.threads)](size_t count, const std::function<void(size_t)>& task) {
    (void)run_tasks(count, threads, [&](size_t i) { return task(i), Status(); });
  };
  return made;
}

// A model that packs are made of.
Result<std::unique_ptr<Model>> import_source(const std::filesystem::path& path, const SessionOptions& options) {
  TENON_ASSIGN_OR_RETURN(auto file, FileMapping::open(path));
  if (is_pack_file(*file))
    return error(TN_INVALID_ARGUMENT, "it is a pack already; name the model that it was made from");
  return import_model_file(path, std::move(file), importing(options));
}

/// Loads from a pack where there is one that fits, else from the source, leaving a pack behind.
class Opening {
 public:
  Opening(const SessionOptions& options, Loader& loader) : options_(options), loader_(loader) {}

  const SessionOptions& options() const { return options_; }

  Result<Loading> load_file(const std::filesystem::path& path) {
    const PackOptions& packs = options_.pack;
    const char* const source_reason = why_from_source();
    if (const auto name = published_name(path)) {
      if (source_reason != nullptr) return needs_source(path, source_reason);
      TENON_ASSIGN_OR_RETURN(const SelfContainedPack pack, find_published(*name, packs));
      return load_pack(pack, path.string());
    }
    TENON_ASSIGN_OR_RETURN(const auto file, FileMapping::open(path));
    if (is_pack_file(*file)) {
      if (source_reason != nullptr) return needs_source(path, source_reason);
      const auto places = std::make_shared<PackPlaces>(packs);
      std::shared_ptr<PackStore> facts(places, places->facts());
      TENON_ASSIGN_OR_RETURN(const SelfContainedPack pack, find_self_contained(path, std::move(facts)));
      return load_pack(pack, path.string());
    }
    if (source_reason != nullptr) {
      loader_.set_pack_reason(concat(source_reason, ", which no pack does"));
      return import(path, file, nullptr);
    }
    if (packs.mode != PackMode::kOff)
      return load_with_packs(path, file, *ModelPacks::create(path, file, options_, packs, loader_.providers()));
    loader_.set_pack_reason("packs are off, as asked");
    return import(path, file, nullptr);
  }

  Result<Loading> load_model(std::unique_ptr<Model> model) {
    loader_.set_pack_reason("only models that are opened from a file have packs");
    loader_.end_stage("import");
    return loader_.prepare(std::move(model), nullptr);
  }

  Result<Loading> pack_into(const std::filesystem::path& path, const std::filesystem::path& target,
                            bool self_contained) {
    TENON_RETURN_IF_ERROR(check_packable());
    TENON_ASSIGN_OR_RETURN(auto model, import_source(path, options_));
    loader_.end_stage("import");
    const auto packs = ModelPacks::for_target(path, target, self_contained, options_, loader_.providers());
    return write_pack(std::move(model), *packs, target.string());
  }

  Result<Loading> publish(std::unique_ptr<Model> model, const std::string& name) {
    TENON_RETURN_IF_ERROR(check_packable());
    loader_.end_stage("import");
    TENON_ASSIGN_OR_RETURN(const auto published,
                           packs_for_publishing(name, model->path, options_.pack, loader_.providers()));
    return write_pack(std::move(model), *published, kPublishedPrefix + name);
  }

 private:
  // What only the model's own files can do; nullptr: nothing was asked that packs cannot do as well.
  const char* why_from_source() const {
    if (!options_.optimized_model.empty()) return "the optimized model is to be written";
    return options_.initializers.empty() ? nullptr : "initializers are given by the application";
  }

  // A pack must not outlive whose memory it was made of, nor be taken for the model's own data.
  Status check_packable() const {
    if (options_.initializers.empty()) return {};
    return error(TN_INVALID_ARGUMENT, "no pack is made while initializers are given by the application");
  }

  static Status needs_source(const std::filesystem::path& path, const char* reason) {
    return error(TN_INVALID_ARGUMENT, path.string(), " is a pack, but ", reason,
                 ": open the model that it was made from");
  }

  Result<Loading> import(const std::filesystem::path& path, std::shared_ptr<const FileMapping> file,
                         ModelPacks* packs) {
    TENON_ASSIGN_OR_RETURN(auto model, import_model_file(path, std::move(file), importing(options_)));
    loader_.end_stage("import");
    return loader_.prepare(std::move(model), packs);
  }

  // `target`: for errors.
  Result<Loading> write_pack(std::unique_ptr<Model> model, ModelPacks& packs, const std::string& target) {
    TENON_ASSIGN_OR_RETURN(Loading loading, loader_.prepare(std::move(model), &packs));
    if (loading.report.pack.state == "made") return loading;
    return error(TN_UNSUPPORTED, "no pack was written to ", target, ": ", loading.report.pack.reason);
  }

  Result<Loading> load_with_packs(const std::filesystem::path& path, std::shared_ptr<const FileMapping> file,
                                  ModelPacks& packs) {
    if (auto loaded = packs.find_loaded()) return loader_.share(std::move(loaded), path.string());
    bool is_builder = false;
    auto found = find_or_build(packs, &is_builder);
    auto loading = found.is_ok() ? loader_.adopt(std::move(*found), path.string())
                                 : import(path, std::move(file), is_builder ? &packs : nullptr);
    if (loading.is_ok() && loading->model->pack != nullptr) packs.share(loading->model);
    return loading;
  }

  // No pack: this process may be the one to build it.
  Result<OpenedPack> find_or_build(ModelPacks& packs, bool* is_builder) {
    auto found = packs.find();
    if (found.is_ok()) return found;
    std::string reason = found.status().message();
    const Result<bool> turn = packs.start_building();
    if (!turn.is_ok()) reason += "; " + turn.status().message();
    loader_.set_pack_reason(std::move(reason));
    if (turn.is_ok() && !*turn) found = packs.find();
    // Where another one could not build it, this one holds the lock now.
    *is_builder = turn.is_ok() && !found.is_ok();
    return found;
  }

  Result<Loading> load_pack(const SelfContainedPack& pack, std::string path) {
    // Tables in this process live as long as their session.
    const bool is_shared = options_.provider_tables.empty() && options_.isolate.empty();
    if (auto loaded = is_shared ? pack.find_loaded(loader_.providers()) : nullptr) {
      TENON_RETURN_IF_ERROR(check_dimensions(*loaded->plan));
      return loader_.share(std::move(loaded), std::move(path));
    }
    TENON_ASSIGN_OR_RETURN(OpenedPack opened, pack.restore(loader_.providers()));
    TENON_RETURN_IF_ERROR(check_dimensions(*opened.plan));
    Loading loading = loader_.adopt(std::move(opened), std::move(path));
    if (is_shared) pack.share(loading.model);
    return loading;
  }

  // What has no source has the sizes that it was made with.
  Status check_dimensions(const PackPlan& plan) const {
    const std::string asked = identity_of(options_.free_dimensions, options_.free_denotations);
    const std::string fixed = plan.fixed_dimensions();
    if (asked.empty() || asked == fixed) return {};
    return error(TN_INVALID_ARGUMENT, "it was made with ", fixed.empty() ? "free dimensions left free" : fixed,
                 ", asked for is ", asked, ": ask for no sizes, or make it again from its model");
  }

  const SessionOptions& options_;
  Loader& loader_;
};

/// What a session is opened with, and what its runs may take.
struct Asked {
  SessionOptions options;  // with the environment applied
  RunBudget budget;
  bool names_providers;
};

Result<Asked> settle(const SessionOptions& options) {
  TENON_ASSIGN_OR_RETURN(SessionOptions settled, with_environment(options));
  const RunBudget budget = run_budget(settled);
  return Asked{std::move(settled), budget, !options.providers.empty()};
}

/// `load` has an Opening load the model; `what` names the model in errors.
template <typename Load>
Result<Loading> load_with(const Asked& asked, const std::string& what, Load&& load) {
  return guarded([&]() -> Result<Loading> {
    const auto& [options, budget, names_providers] = asked;
    TENON_RETURN_IF_ERROR(ThreadPool::process().pin(options.thread_affinity).with_context("option 'thread_affinity'"));
    const FaultGuardPause pause(!options.fault_guard);
    if (options.crash_report) install_crash_report();
    StageClock clock;
    TENON_ASSIGN_OR_RETURN(ProviderList providers,
                           make_providers(options, !names_providers, {budget.threads, budget.memory_limit, what}));
    clock.end_stage("providers");
    Loader loader(options, budget, std::move(providers), std::move(clock));
    Opening opening(options, loader);
    Result<Loading> loading = load(opening);
    if (loading.is_ok()) TENON_RETURN_IF_ERROR(loading->model->check_files());
    if (!loading.is_ok() && !loading.status().message().starts_with(what)) return loading.status().with_context(what);
    return loading;
  });
}

template <typename Load>
Result<std::unique_ptr<Session>> open_session(const SessionOptions& options, const std::string& what, Load&& load) {
  return guarded([&]() -> Result<std::unique_ptr<Session>> {
    TENON_ASSIGN_OR_RETURN(const Asked asked, settle(options));
    std::unique_ptr<TraceFile> trace;
    if (!asked.options.profile.empty()) {
      TENON_ASSIGN_OR_RETURN(trace, TraceFile::create(asked.options.profile, TraceFile::Clock::now()));
    }
    TENON_ASSIGN_OR_RETURN(Loading loading, load_with(asked, what, load));
    return std::unique_ptr<Session>(
        std::make_unique<OpenedSession>(asked.options.memory, asked.budget, std::move(trace), std::move(loading)));
  });
}

template <typename Load>
Status load_only(const SessionOptions& options, const std::string& what, Load&& load) {
  return guarded([&]() -> Status {
    TENON_ASSIGN_OR_RETURN(const Asked asked, settle(options));
    return load_with(asked, what, load).status();
  });
}

}  // namespace

Result<std::unique_ptr<Session>> Session::open(const std::filesystem::path& path, const SessionOptions& options) {
  return open_session(options, path.string(), [&](Opening& opening) { return opening.load_file(path); });
}

Result<std::unique_ptr<Session>> Session::open_bytes(std::span<const std::byte> bytes,
                                                     std::shared_ptr<const void> owner, const SessionOptions& options,
                                                     const std::filesystem::path& folder) {
  return open_session(options, "", [&](Opening& opening) -> Result<Loading> {
    TENON_ASSIGN_OR_RETURN(auto model,
                           import_model_bytes(bytes, std::move(owner), folder, importing(opening.options())));
    return opening.load_model(std::move(model));
  });
}

Result<std::unique_ptr<Session>> Session::open_model(std::unique_ptr<Model> model, const SessionOptions& options) {
  return open_session(options, "", [&](Opening& opening) { return opening.load_model(std::move(model)); });
}

Status pack_model(const std::filesystem::path& model, const std::filesystem::path& target, bool self_contained,
                  const SessionOptions& options) {
  return load_only(options, model.string(),
                   [&](Opening& opening) { return opening.pack_into(model, target, self_contained); });
}

Status publish_model(const std::filesystem::path& model, const std::string& name, const SessionOptions& options) {
  TENON_RETURN_IF_ERROR(PackStore::check_name(name));
  return load_only(options, model.string(), [&](Opening& opening) -> Result<Loading> {
    TENON_ASSIGN_OR_RETURN(auto imported, import_source(model, opening.options()));
    return opening.publish(std::move(imported), name);
  });
}

Status publish_bytes(std::span<const std::byte> bytes, const std::string& name, const SessionOptions& options,
                     const std::filesystem::path& folder) {
  TENON_RETURN_IF_ERROR(PackStore::check_name(name));
  return load_only(options, "", [&](Opening& opening) -> Result<Loading> {
    TENON_ASSIGN_OR_RETURN(auto model, import_model_bytes(bytes, nullptr, folder, importing(opening.options())));
    return opening.publish(std::move(model), name);
  });
}

}  // namespace tenon::host
