// Opening: import, fold, infer, place, pack, plan. What a session holds, and its public functions.
#include "host/session/session.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "host/formats/importer.h"
#include "host/graph/shape_inference.h"
#include "host/optimize/constant_folding.h"
#include "host/session/input_check.h"
#include "host/session/memory_limit.h"
#include "host/session/memory_policy.h"
#include "host/session/node_runner.h"
#include "host/session/placement.h"
#include "host/session/prepack.h"
#include "host/session/report_maker.h"
#include "host/session/residency.h"
#include "host/session/runner.h"
#include "host/session/stage_clock.h"
#include "host/session/thread_pool.h"
#include "host/storage/fault_guard.h"
#include "host/storage/file_mapping.h"

namespace tenon::host {
namespace {

/// Runs `body`, which returns a Status or Result, and turns exceptions of the standard library into one.
template <typename Body>
auto guarded(Body&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return error(TN_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception& e) {
    return error(TN_INTERNAL, "unexpected exception: ", e.what());
  }
}

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
    auto provider = Provider::create(spec);
    if (!provider.is_ok())
      return !by_default ? provider.status()
                         : error(provider.status().code(), provider.status().message(), " (provider '", spec.name,
                                 "' is of the default order; set TENON_PROVIDER_PATH to the folder that holds it, or "
                                 "name other providers)");
    providers.push_back(std::move(*provider));
  }
  return providers;
}

std::vector<Port> ports_of(const std::vector<Value*>& values) {
  std::vector<Port> ports;
  for (const Value* value : values) ports.push_back({value->name, value->type});
  return ports;
}

class SessionImpl final : public Session {
 public:
  SessionImpl(const SessionOptions& options, ProviderList providers)
      : options_(options),
        threads_(options.threads == 0 ? usable_cpus() : std::min(options.threads, usable_cpus())),
        limit_(options.run_memory_limit_bytes == 0 ? process_memory_limit() : options.run_memory_limit_bytes),
        providers_(std::move(providers)) {}

  /// Takes the imported model through all stages.
  Status prepare(std::unique_ptr<Model> model, StageClock clock) {
    model_ = std::move(model);
    // Names and types as declared, before passes refine them.
    inputs_ = ports_of(model_->graph->inputs);
    if (options_.fold_constants) {
      TENON_RETURN_IF_ERROR(fold());
      clock.end_stage("fold");
    }
    TENON_RETURN_IF_ERROR(infer_shapes(*model_));
    for (const Graph* graph : graph_tree(*model_->graph))
      report_.notes.insert(report_.notes.end(), graph->notes.begin(), graph->notes.end());
    outputs_ = ports_of(model_->graph->outputs);
    clock.end_stage("infer");
    TENON_ASSIGN_OR_RETURN(Placement placement, place_nodes(*model_, providers_, options_.require_placement));
    is_complete_ = std::none_of(placement.decisions.begin(), placement.decisions.end(),
                                [](const NodePlacement& d) { return d.provider.empty(); });
    report_.placement = std::move(placement.decisions);
    report_.notes.insert(report_.notes.end(), placement.notes.begin(), placement.notes.end());
    clock.end_stage("place");
    if (is_complete_) {
      TENON_RETURN_IF_ERROR(pack(placement.steps));
      clock.end_stage("pack");
      program_ = build_program(*model_->graph, std::move(placement.steps));
      runner_ = std::make_unique<Runner>(program_, threads_, limit_);
      clock.end_stage("plan");
    }
    report_.stages = clock.take_stages();
    return {};
  }

  const std::vector<Port>& inputs() const override { return inputs_; }
  const std::vector<Port>& outputs() const override { return outputs_; }
  const Model& model() const override { return *model_; }

  Result<std::vector<Tensor>> run(std::span<const NamedTensor> inputs, std::span<const std::string> wanted,
                                  const RunOptions& options) override {
    return guarded([&]() -> Result<std::vector<Tensor>> {
      if (runner_ == nullptr)
        return error(TN_INVALID_ARGUMENT, "this session was opened to be inspected: some nodes have no provider");
      TENON_ASSIGN_OR_RETURN(const std::vector<size_t> given, match_inputs(inputs_, inputs));
      TENON_ASSIGN_OR_RETURN(const std::vector<size_t> outputs, match_outputs(outputs_, wanted));
      std::vector<const Tensor*> tensors;
      for (const size_t g : given) tensors.push_back(&inputs[g].tensor);
      auto results = runner_->run(tensors, outputs, options, model_->path);
      TENON_RETURN_IF_ERROR(check_files());
      return results;
    });
  }

  void apply_memory_policy() {
    for (std::string& note : host::apply_memory_policy(options_.memory, held_memory()))
      report_.notes.push_back(std::move(note));
  }

  /// Whatever was computed from files that did not stay as they were is worthless, errors included.
  Status check_files() const {
    for (const SourceFile& file : model_->files) TENON_RETURN_IF_ERROR(file.mapping->check_intact());
    return {};
  }

  SessionReport report() const override {
    SessionReport report = report_;
    report.model = model_->path;
    report.threads = threads_;
    add_providers(providers_, &report);
    add_initializers(*model_, dropped_, &report);
    report.memory.packed_bytes = packed_.bytes;
    if (runner_ != nullptr) {
      report.memory.arena_bytes = runner_->arena_bytes();
      report.memory.arena_peak_bytes = runner_->arena_peak_bytes();
      report.memory.scratch_peak_bytes = runner_->scratch_peak_bytes();
    }
    add_process_memory(&report);
    add_residency(held_memory(), &report);
    return report;
  }

 private:
  Status fold() {
    FoldOptions fold_options;
    fold_options.max_bytes = options_.fold_limit_bytes;
    TENON_ASSIGN_OR_RETURN(const FoldReport folded,
                           fold_constants(*model_, make_node_runner(providers_, threads_, limit_), fold_options));
    if (folded.folded_nodes > 0)
      report_.notes.push_back(
          concat("folded ", folded.folded_nodes, " nodes into ", folded.bytes, " bytes of constants"));
    for (const std::string& reason : folded.skipped) report_.notes.push_back("not folded: " + reason);
    return {};
  }

  HeldMemory held_memory() const {
    HeldMemory held;
    for (const SourceFile& file : model_->files) held.files.push_back({"source file", file.mapping.get()});
    if (packed_.region != nullptr) held.packed.push_back({packed_.region->data(), packed_.region->bytes()});
    if (runner_ != nullptr) {
      held.arenas = runner_->arena_ranges();
      held.scratch = runner_->scratch_ranges();
    }
    return held;
  }

  // Packs weights, and lets go of private copies that only exist packed from now on.
  Status pack(std::vector<Step>& steps) {
    TENON_ASSIGN_OR_RETURN(packed_, prepack(steps, *model_->graph, limit_, threads_));
    for (const auto& value : model_->graph->values()) {
      if (!value->is_constant() || packed_.unread_sources.count(value.get()) == 0) continue;
      const Tensor& source = *value->constant;
      if (source.residence() != Residence::kCopied && source.residence() != Residence::kComputed) continue;
      dropped_[value.get()] = source.byte_length();
      value->constant =
          Tensor(source.dtype(), source.shape(), nullptr, 0, nullptr, source.residence(), source.residence_reason());
    }
    return {};
  }

  const SessionOptions options_;
  const unsigned threads_;
  const uint64_t limit_;
  const ProviderList providers_;  // outlives the kernels in program_
  std::unique_ptr<Model> model_;
  PackedWeights packed_;  // outlives the kernels in program_
  Program program_;
  std::unique_ptr<Runner> runner_;
  std::vector<Port> inputs_, outputs_;
  std::map<const Value*, uint64_t> dropped_;  // constants that only exist packed, and the bytes they had
  SessionReport report_;                      // what was known when the session opened
  bool is_complete_ = false;
};

template <typename Import>
Result<std::unique_ptr<Session>> open_with(const SessionOptions& options, const std::string& what, Import&& import) {
  return guarded([&]() -> Result<std::unique_ptr<Session>> {
    const FaultGuardPause pause(!options.fault_guard);
    StageClock clock;
    TENON_ASSIGN_OR_RETURN(ProviderList providers, make_providers(options));
    clock.end_stage("providers");
    Result<std::unique_ptr<Model>> model = import();
    if (!model.is_ok()) return model.status();
    clock.end_stage("import");
    auto session = std::make_unique<SessionImpl>(options, std::move(providers));
    Status status = session->prepare(std::move(*model), std::move(clock));
    if (status.is_ok()) session->apply_memory_policy();
    TENON_RETURN_IF_ERROR(session->check_files());
    if (!status.is_ok()) return what.empty() ? status : status.with_context(what);
    return std::unique_ptr<Session>(std::move(session));
  });
}

}  // namespace

Result<std::unique_ptr<Session>> Session::open(const std::filesystem::path& path, const SessionOptions& options) {
  return open_with(options, path.string(),
                   [&] { return import_model_file(path, ImportOptions{options.external_data_root}); });
}

Result<std::unique_ptr<Session>> Session::open_bytes(std::span<const std::byte> bytes,
                                                     std::shared_ptr<const void> owner, const SessionOptions& options,
                                                     const std::filesystem::path& folder) {
  return open_with(options, "", [&] {
    return import_model_bytes(bytes, std::move(owner), folder, ImportOptions{options.external_data_root});
  });
}

Result<std::unique_ptr<Session>> Session::open_model(std::unique_ptr<Model> model, const SessionOptions& options) {
  return open_with(options, "", [&]() -> Result<std::unique_ptr<Model>> { return std::move(model); });
}

}  // namespace tenon::host
