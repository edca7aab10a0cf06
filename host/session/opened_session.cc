#include "host/session/opened_session.h"

#include <algorithm>

#include "host/base/exceptions.h"
#include "host/graph/shape_inference.h"
#include "host/optimize/optimizer.h"
#include "host/packs/source_state.h"
#include "host/placement/node_runner.h"
#include "host/report/report_maker.h"
#include "host/runtime/memory_limit.h"
#include "host/session/input_check.h"
#include "host/session/memory_policy.h"
#include "host/storage/file_mapping.h"
#include "host/threads/thread_pool.h"

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

}  // namespace

OpenedSession::OpenedSession(const SessionOptions& options, ProviderList providers)
    : options_(options),
      threads_(granted_threads(options.threads)),
      limit_(options.run_memory_limit_bytes == 0 ? process_memory_limit() : options.run_memory_limit_bytes),
      own_(std::make_shared<LoadedModel>()),
      loaded_(own_) {
  own_->providers = std::move(providers);
}

Status OpenedSession::optimize(StageClock* clock) {
  // Names and types as declared, before passes refine them.
  own_->inputs = ports_of(own_->model->graph->inputs);
  note_defaults(own_->inputs, &report_.notes);
  OptimizeOptions wanted;
  wanted.fold_constants = options_.fold_constants;
  wanted.fold.max_bytes = std::min(options_.fold_limit_bytes, limit_);
  wanted.run_node = make_node_runner(own_->providers, threads_, limit_);
  wanted.rewrite_graph = options_.rewrite_graph;
  TENON_ASSIGN_OR_RETURN(const OptimizeNotes notes,
                         host::optimize(*own_->model, wanted, [&](const char* pass) { clock->end_stage(pass); }));
  report_.notes.insert(report_.notes.end(), notes.begin(), notes.end());
  TENON_RETURN_IF_ERROR(infer_shapes(*own_->model));
  for (const Graph* graph : graph_tree(*own_->model->graph))
    report_.notes.insert(report_.notes.end(), graph->notes.begin(), graph->notes.end());
  own_->outputs = ports_of(own_->model->graph->outputs);
  clock->end_stage("infer");
  return {};
}

Status OpenedSession::prepare(std::unique_ptr<Model> model, ModelPacks* packs, StageClock clock) {
  own_->model = std::move(model);
  path_ = own_->model->path;
  TENON_RETURN_IF_ERROR(optimize(&clock));
  TENON_ASSIGN_OR_RETURN(Placement placement, place_nodes(*own_->model, own_->providers, options_.require_placement));
  const bool is_complete = std::none_of(placement.decisions.begin(), placement.decisions.end(),
                                        [](const NodePlacement& d) { return d.provider.empty(); });
  report_.notes.insert(report_.notes.end(), placement.notes.begin(), placement.notes.end());
  clock.end_stage("place");
  if (is_complete) {
    TENON_ASSIGN_OR_RETURN(const bool adopted, pack_weights(&placement, packs, &clock));
    if (adopted) return {};
    own_->program = build_program(*own_->model->graph, std::move(placement.steps));
    start();
    clock.end_stage("plan");
  }
  report_.placement = std::move(placement.decisions);
  report_.stages = clock.take_stages();
  return {};
}

// Into a pack that the session then runs from (true), else into private memory.
Result<bool> OpenedSession::pack_weights(Placement* placement, ModelPacks* packs, StageClock* clock) {
  TENON_ASSIGN_OR_RETURN(const PrepackPlan plan, plan_prepack(placement->steps, *own_->model->graph, limit_));
  if (packs != nullptr) {
    auto opened =
        packs->build({own_->model.get(), placement, &plan, own_->inputs, own_->outputs, report_.notes, threads_});
    if (opened.is_ok()) {
      clock->end_stage("pack");
      placement->steps.clear();  // their kernels refer to the model that is now replaced
      adopt(std::move(*opened), own_->model->path, "made", std::move(*clock));
      return true;
    }
    report_.pack.reason = opened.status().message();
  }
  TENON_ASSIGN_OR_RETURN(own_->packed, prepack(placement->steps, plan, threads_, Sources::kDropped));
  clock->end_stage("pack");
  TENON_RETURN_IF_ERROR(take_digests());
  clock->end_stage("digest");
  return false;
}

// What reaffirm_files() needs in the place of a pack's digests.
Status OpenedSession::take_digests() {
  for (const SourceFile& file : own_->model->files) {
    std::optional<Digest>& digest = own_->file_digests.emplace_back();
    if (file.mapping->bytes().size() > kMostDigestedBytes) continue;
    TENON_ASSIGN_OR_RETURN(digest, piecewise_digest(*file.mapping, threads_));
  }
  return {};
}

void OpenedSession::adopt(OpenedPack opened, std::string path, std::string state, StageClock clock) {
  path_ = std::move(path);
  own_->inputs = opened.plan->inputs();
  own_->outputs = opened.plan->outputs();
  own_->pack = std::move(opened.pack);
  own_->pack_note = std::move(opened.note);
  own_->plan = std::move(opened.plan);
  own_->model = std::move(opened.restored.model);
  own_->model->path = path_;
  for (size_t i = 0; i < own_->inputs.size(); ++i)
    own_->inputs[i].has_default = own_->model->graph->inputs[i]->default_value != nullptr;
  own_->program = build_program(*own_->model->graph, std::move(opened.restored.steps));
  tell_pack(std::move(state));
  start();
  clock.end_stage("restore");
  report_.stages = clock.take_stages();
}

void OpenedSession::share(std::shared_ptr<const LoadedModel> loaded, std::string path, StageClock clock) {
  path_ = std::move(path);
  loaded_ = std::move(loaded);
  own_.reset();
  tell_pack("used");
  report_.notes.push_back("graph, kernels and weights are shared with a session of this process");
  start();
  clock.end_stage("restore");
  report_.stages = clock.take_stages();
}

void OpenedSession::tell_pack(std::string state) {
  const FileMapping& file = loaded_->pack->mapping();
  report_.notes = loaded_->plan->notes();
  report_.pack = {std::move(state), file.path().string(), loaded_->pack_note, file.bytes().size()};
}

void OpenedSession::start() {
  own_.reset();
  runner_ = std::make_unique<Runner>(loaded_->program, threads_, limit_);
}

Result<std::vector<Tensor>> OpenedSession::run(std::span<const NamedTensor> inputs, std::span<const std::string> wanted,
                                               const RunOptions& options) {
  return guarded([&]() -> Result<std::vector<Tensor>> {
    if (runner_ == nullptr)
      return error(TN_INVALID_ARGUMENT, "this session was opened to be inspected: some nodes have no provider");
    TENON_ASSIGN_OR_RETURN(const std::vector<size_t> given, match_inputs(loaded_->inputs, inputs));
    TENON_ASSIGN_OR_RETURN(const std::vector<size_t> outputs, match_outputs(loaded_->outputs, wanted));
    std::vector<const Tensor*> tensors;
    for (size_t i = 0; i < given.size(); ++i)
      tensors.push_back(given[i] != SIZE_MAX ? &inputs[given[i]].tensor
                                             : loaded_->model->graph->inputs[i]->default_value.get());
    note_clashes(inputs, given);
    const auto run_once = [&]() -> Result<std::vector<Tensor>> {
      auto results = runner_->run(tensors, outputs, options, path_);
      TENON_RETURN_IF_ERROR(check_files());
      return results;
    };
    auto results = run_once();
    // What was computed while a file's times changed may be wrong, even where its bytes are right now.
    return results.status().code() == TN_DATA_LOST && reaffirm_files() ? run_once() : std::move(results);
  });
}

void OpenedSession::apply_memory_policy() {
  for (std::string& note : host::apply_memory_policy(options_.memory, held_memory()))
    report_.notes.push_back(std::move(note));
}

Status OpenedSession::check_files() const {
  for (const SourceFile& file : loaded_->model->files) TENON_RETURN_IF_ERROR(file.mapping->check_intact());
  return loaded_->pack != nullptr ? loaded_->pack->mapping().check_intact() : Status();
}

void OpenedSession::note_clashes(std::span<const NamedTensor> inputs, std::span<const size_t> given) {
  const std::vector<NameClash> found = find_name_clashes(loaded_->inputs, inputs, given);
  if (found.empty()) return;
  const std::lock_guard lock(clashes_mutex_);
  for (const NameClash& clash : found) clashes_.try_emplace(clash.symbol, clash.text);
}

// Whether all files that are not intact were only touched, by the digests that were taken of them.
bool OpenedSession::reaffirm_files() const {
  if (loaded_->pack != nullptr && !loaded_->pack->mapping().check_intact().is_ok()) return false;
  const std::vector<SourceFile>& files = loaded_->model->files;
  for (size_t i = 0; i < files.size(); ++i)
    if (!files[i].mapping->check_intact().is_ok() &&
        !files[i].mapping->reaffirm([&](std::span<const std::byte> bytes) { return has_same_bytes(i, bytes); }))
      return false;
  return true;
}

bool OpenedSession::has_same_bytes(size_t file, std::span<const std::byte> bytes) const {
  if (loaded_->plan == nullptr) {
    const std::vector<std::optional<Digest>>& digests = loaded_->file_digests;
    return file < digests.size() && digests[file] && piecewise_digest(bytes) == digests[file];
  }
  const std::string& location = loaded_->model->files[file].location;
  for (const PlanSource& source : loaded_->plan->sources())
    if (source.location == location) return source.digest && digest_of(bytes) == source.digest;
  return false;
}

SessionReport OpenedSession::report() const {
  SessionReport report = report_;
  report.model = path_;
  report.threads = threads_;
  {
    const std::lock_guard lock(clashes_mutex_);
    for (const auto& [symbol, text] : clashes_) report.notes.push_back(text);
  }
  if (loaded_->plan != nullptr) report.placement = loaded_->plan->decisions(*loaded_->model->graph);
  add_providers(loaded_->providers, &report);
  add_initializers(*loaded_->model, &report);
  report.memory.packed_bytes = loaded_->packed.bytes;
  report.memory.pack_file_bytes = report.pack.bytes;
  if (runner_ != nullptr) {
    report.memory.arena_bytes = runner_->arena_bytes();
    report.memory.arena_peak_bytes = runner_->arena_peak_bytes();
    report.memory.scratch_peak_bytes = runner_->scratch_peak_bytes();
  }
  add_process_memory(&report);
  add_residency(held_memory(), &report);
  return report;
}

HeldMemory OpenedSession::held_memory() const {
  HeldMemory held;
  for (const SourceFile& file : loaded_->model->files) held.files.push_back({"source file", file.mapping.get()});
  if (loaded_->pack != nullptr) held.files.push_back({"pack file", &loaded_->pack->mapping()});
  if (loaded_->packed.region != nullptr)
    held.packed.push_back({loaded_->packed.region->data(), loaded_->packed.region->bytes()});
  if (runner_ != nullptr) {
    held.arenas = runner_->arena_ranges();
    held.scratch = runner_->scratch_ranges();
  }
  return held;
}

}  // namespace tenon::host
