#include "host/session/loader.h"

#include <algorithm>

#include "host/formats/converter.h"
#include "host/graph/shape_inference.h"
#include "host/isolation/isolated_provider.h"
#include "host/optimize/expand.h"
#include "host/optimize/gradient/expand_gradients.h"
#include "host/optimize/optimizer.h"
#include "host/packs/source_state.h"
#include "host/placement/described_schemas.h"
#include "host/placement/layout_preference.h"
#include "host/placement/node_runner.h"
#include "host/placement/placement.h"

namespace tenon::host {
namespace {

std::vector<Port> ports_of(const std::vector<Value*>& values) {
  std::vector<Port> ports;
  for (const Value* value : values) ports.push_back({value->name, value->type, value->default_value != nullptr});
  return ports;
}

// A run may give others, so they cost what constants do not.
void note_defaults(const std::vector<Port>& inputs, std::vector<std::string>* notes) {
  const auto count = std::count_if(inputs.begin(), inputs.end(), [](const Port& port) { return port.has_default; });
  if (count == 0) return;
  notes->push_back(concat(count,
                          count == 1 ? " initializer is also an input of the graph, the default of one"
                                     : " initializers are also inputs of the graph, defaults",
                          " that a run may override (IR version ", kFirstIrVersionWithDefaults,
                          " on), so nothing is folded or packed of them: where that is not meant, remove them from "
                          "the graph's inputs, or export without keep_initializers_as_inputs"));
}

// What providers looked at, and hold, that no kernel or plan tells of.
void note_providers(const ProviderList& providers, std::vector<std::string>* notes) {
  for (const auto& provider : providers) {
    const ConstantReads reads = provider->constants_read();
    std::string names;
    for (const std::string& name : reads.names) names += concat(names.empty() ? "" : ", ", "'", name, "'");
    if (reads.count > 0)
      notes->push_back(concat("provider '", provider->name(), "' looked at ", reads.count,
                              reads.count == 1 ? " constant" : " constants", " while the session opened, ", reads.bytes,
                              " bytes: ", names));
    if (const uint64_t bytes = provider->memory_used(); bytes > 0)
      notes->push_back(concat("provider '", provider->name(), "' holds ", bytes, " bytes of its own"));
  }
}

void append(std::vector<std::string>* notes, const std::vector<std::string>& more) {
  notes->insert(notes->end(), more.begin(), more.end());
}

}  // namespace

Loader::Loader(const SessionOptions& options, RunBudget budget, ProviderList providers, StageClock clock)
    : options_(options), budget_(budget), model_(std::make_shared<LoadedModel>()), clock_(std::move(clock)) {
  model_->providers = std::move(providers);
}

Result<Loading> Loader::prepare(std::unique_ptr<Model> model, ModelPacks* packs) {
  const auto loading = model_;  // whose files are looked at in the end
  report_.model = model->path;
  loading->model = std::move(model);
  auto loaded = take_through_stages(packs);
  if (!loaded.is_ok()) TENON_RETURN_IF_ERROR(loading->check_files());
  return loaded;
}

Result<Loading> Loader::take_through_stages(ModelPacks* packs) {
  TENON_RETURN_IF_ERROR(fix_dimensions(*model_->model->graph, options_.free_dimensions, options_.free_denotations));
  // Names and types as declared, before passes refine them.
  model_->inputs = ports_of(model_->model->graph->inputs);
  note_defaults(model_->inputs, &report_.notes);
  TENON_RETURN_IF_ERROR(bind_described_schemas(*model_->model, model_->providers));
  TENON_RETURN_IF_ERROR(expand_gradients(*model_->model));
  TENON_RETURN_IF_ERROR(optimize());
  if (!options_.optimized_model.empty()) {
    // Before anything is placed, since writing may change nodes.
    TENON_RETURN_IF_ERROR(
        write_model(*model_->model, options_.optimized_model).with_context("option 'optimized_model'"));
    clock_.end_stage("write");
  }
  TENON_ASSIGN_OR_RETURN(Placement placement, place());
  append(&report_.notes, placement.notes);
  clock_.end_stage("place");
  const bool is_complete = std::none_of(placement.decisions.begin(), placement.decisions.end(),
                                        [](const NodePlacement& d) { return d.provider.empty(); });
  if (is_complete) return pack_weights(std::move(placement), packs);
  report_.placement = std::move(placement.decisions);
  return finish(std::move(model_), false);
}

Status Loader::optimize() {
  Model& model = *model_->model;
  OptimizeOptions wanted;
  wanted.fold_constants = options_.fold_constants;
  wanted.fold.max_bytes = std::min(options_.fold_limit_bytes, budget_.memory_limit);
  wanted.run_node = make_node_runner(model_->providers, budget_.threads, budget_.memory_limit);
  wanted.rank_provider = make_provider_rank(model_->providers);
  wanted.rewrite_graph = options_.rewrite_graph;
  wanted.layout_wish = make_layout_preference(model_->providers);
  TENON_ASSIGN_OR_RETURN(const OptimizeNotes notes,
                         host::optimize(model, wanted, [&](const char* pass) { clock_.end_stage(pass); }));
  append(&report_.notes, notes);
  TENON_RETURN_IF_ERROR(infer_shapes(model));
  for (const Graph* graph : graph_tree(*model.graph)) append(&report_.notes, graph->notes);
  model_->outputs = ports_of(model.graph->outputs);
  clock_.end_stage("infer");
  return {};
}

// What no provider takes may be defined by operators that one does.
Result<Placement> Loader::place() {
  for (;;) {
    TENON_ASSIGN_OR_RETURN(Placement placement, place_nodes(*model_->model, model_->providers));
    if (placement.missing.empty()) return placement;
    placement.steps.clear();  // their kernels refer to nodes that may go
    TENON_ASSIGN_OR_RETURN(const size_t expanded, expand_functions(*model_->model, placement.missing, report_.notes));
    if (expanded > 0) {
      clock_.end_stage("expand");
      TENON_RETURN_IF_ERROR(optimize());
      continue;
    }
    TENON_ASSIGN_OR_RETURN(const bool is_added, add_provider_for(placement.missing));
    if (is_added) continue;
    if (options_.require_placement) return placement.why_missing;
    return placement;
  }
}

// In a process of its own where all are to have one.
Result<std::unique_ptr<Provider>> Loader::make_alike(const ProviderSpec& spec) const {
  const InstanceFacts facts{budget_.threads, budget_.memory_limit, report_.model};
  auto heap = std::dynamic_pointer_cast<SharedHeap>(shared_memory(model_->providers));
  if (options_.isolate != "all" || heap == nullptr) return Provider::defer(spec, facts);
  return isolate_provider(spec, facts, std::move(heap));
}

// Where the user names no providers. One at a time: another may be needed no more.
Result<bool> Loader::add_provider_for(const std::unordered_set<const Node*>& missing) {
  if (!options_.providers.empty() || !options_.provider_tables.empty()) return false;
  for (const Node* node : missing) {
    const char* name = provider_on_demand(node->domain, node->op_type);
    if (name == nullptr || std::any_of(model_->providers.begin(), model_->providers.end(),
                                       [&](const auto& provider) { return provider->name() == name; }))
      continue;
    auto provider = make_alike({name, {}});
    if (!provider.is_ok()) {
      if (!options_.require_placement) continue;
      return provider.status().with_context(concat(describe(*node), " is left to provider '", name, "'"));
    }
    model_->providers.push_back(std::move(*provider));
    added_provider_ = name;
    return true;
  }
  return false;
}

// Into a pack that the model then runs from, else into private memory.
Result<Loading> Loader::pack_weights(Placement placement, ModelPacks* packs) {
  TENON_ASSIGN_OR_RETURN(PrepackPlan plan, plan_prepack(placement.steps, *model_->model->graph, budget_.memory_limit));
  plan.validates = options_.validate;
  if (packs != nullptr && !added_provider_.empty()) {
    // A pack is looked for before it is known which they are.
    report_.pack.reason = concat("provider '", added_provider_, "' is not of the default order: name ",
                                 kDefaultProviders, ",", added_provider_, " to have packs of this model");
  } else if (packs != nullptr) {
    auto opened = packs->build({model_->model.get(), &placement, &plan, model_->inputs, model_->outputs, report_.notes,
                                identity_of(options_.free_dimensions, options_.free_denotations), budget_.threads});
    if (opened.is_ok()) {
      clock_.end_stage("pack");
      placement.steps.clear();  // their kernels refer to the model that is now replaced
      return restored(std::move(*opened), "made");
    }
    report_.pack.reason = opened.status().message();
  }
  TENON_ASSIGN_OR_RETURN(model_->packed, prepack(placement.steps, plan, budget_.threads, Sources::kDropped,
                                                 shared_memory(model_->providers)));
  clock_.end_stage("pack");
  TENON_RETURN_IF_ERROR(take_digests());
  clock_.end_stage("digest");
  model_->program = build_program(*model_->model->graph, std::move(placement.steps));
  clock_.end_stage("plan");
  report_.placement = std::move(placement.decisions);
  return finish(std::move(model_), true);
}

// What LoadedModel::reaffirm_files() needs in the place of a pack's digests.
Status Loader::take_digests() {
  for (const SourceFile& file : model_->model->files) {
    std::optional<Digest>& digest = model_->file_digests.emplace_back();
    if (file.mapping->bytes().size() > kMostDigestedBytes) continue;
    TENON_ASSIGN_OR_RETURN(digest, piecewise_digest(*file.mapping, budget_.threads));
  }
  return {};
}

Loading Loader::adopt(OpenedPack opened, std::string path) {
  report_.model = std::move(path);
  return restored(std::move(opened), "used");
}

Loading Loader::restored(OpenedPack opened, std::string state) {
  model_->inputs = opened.plan->inputs();
  model_->outputs = opened.plan->outputs();
  model_->pack = std::move(opened.pack);
  model_->pack_note = std::move(opened.note);
  model_->plan = std::move(opened.plan);
  model_->model = std::move(opened.restored.model);
  model_->model->path = report_.model;
  for (size_t i = 0; i < model_->inputs.size(); ++i)
    model_->inputs[i].has_default = model_->model->graph->inputs[i]->default_value != nullptr;
  model_->program = build_program(*model_->model->graph, std::move(opened.restored.steps));
  tell_pack(*model_, std::move(state));
  clock_.end_stage("restore");
  return finish(std::move(model_), true);
}

Loading Loader::share(std::shared_ptr<const LoadedModel> loaded, std::string path) {
  report_.model = std::move(path);
  tell_pack(*loaded, "used");
  report_.notes.push_back("graph, kernels and weights are shared with a session of this process");
  clock_.end_stage("restore");
  return finish(std::move(loaded), true);
}

void Loader::tell_pack(const LoadedModel& loaded, std::string state) {
  const FileMapping& file = loaded.pack->mapping();
  report_.notes = loaded.plan->notes();
  report_.pack = {std::move(state), file.path().string(), loaded.pack_note, file.bytes().size()};
}

Loading Loader::finish(std::shared_ptr<const LoadedModel> loaded, bool can_run) {
  note_providers(loaded->providers, &report_.notes);
  report_.stages = clock_.take_stages();
  return {std::move(loaded), can_run, std::move(report_)};
}

}  // namespace tenon::host
