#include "host/session/opened_session.h"

#include <list>
#include <unordered_map>

#include "host/base/exceptions.h"
#include "host/placement/placement.h"
#include "host/report/report_maker.h"
#include "host/session/input_check.h"
#include "host/session/memory_policy.h"
#include "host/session/read_ahead.h"
#include "host/storage/file_mapping.h"

namespace tenon::host {
namespace {

// One after the other, from the trace's start on.
std::vector<TraceEvent> events_of(const std::vector<StageTime>& stages) {
  constexpr double kMicroseconds = 1000;
  std::vector<TraceEvent> events;
  double end = 0;
  for (const StageTime& stage : stages) {
    const double begin = end;
    end += stage.milliseconds * kMicroseconds;
    events.push_back({stage.stage, "open", begin, end});
  }
  return events;
}

}  // namespace

OpenedSession::OpenedSession(const MemoryPolicy& policy, RunBudget budget, std::unique_ptr<TraceFile> trace,
                             Loading loading)
    : budget_(budget), trace_(std::move(trace)), loaded_(std::move(loading.model)), report_(std::move(loading.report)) {
  if (loading.can_run)
    runner_ = std::make_unique<Runner>(loaded_->program, budget.threads, budget.memory_limit, budget.keeps_memory,
                                       budget.validates, shared_memory(loaded_->providers));
  if (trace_ != nullptr) trace_->add(events_of(report_.stages));
  if (runner_ != nullptr && !policy.prefetch) read_ahead_of_run(loaded_->program);
  for (std::string& note : apply_memory_policy(policy, held_memory())) report_.notes.push_back(std::move(note));
}

Result<std::vector<RunValue>> OpenedSession::run_values(std::span<const NamedValue> inputs,
                                                        std::span<const std::string> wanted,
                                                        const RunOptions& options) {
  return guarded([&]() -> Result<std::vector<RunValue>> {
    if (runner_ == nullptr)
      return error(TN_INVALID_ARGUMENT, "this session was opened to be inspected: some nodes have no provider");
    TENON_ASSIGN_OR_RETURN(const std::vector<size_t> given, match_inputs(loaded_->inputs, inputs));
    TENON_ASSIGN_OR_RETURN(const std::vector<size_t> outputs, match_outputs(loaded_->outputs, wanted));
    // Those that are not given as they are: defaults, and what stands for an optional.
    std::list<RunValue> made;
    std::vector<const RunValue*> values;
    for (size_t i = 0; i < given.size(); ++i) {
      const ElementType declared = element_type(loaded_->inputs[i].type);
      const bool is_given = given[i] != SIZE_MAX;
      if (!is_given) made.push_back(*loaded_->model->graph->inputs[i]->default_value);
      if (is_given && declared.kind == ValueType::Kind::kOptional)
        made.push_back(as_declared(inputs[given[i]].value, declared));
      values.push_back(is_given && declared.kind != ValueType::Kind::kOptional ? &inputs[given[i]].value
                                                                               : &made.back());
    }
    note_clashes(inputs, given);
    TENON_ASSIGN_OR_RETURN(const std::vector<OutputTarget> targets,
                           match_bound(loaded_->outputs, outputs, options.bound));
    TENON_ASSIGN_OR_RETURN(const BoundOutputs bound, BoundOutputs::plan(loaded_->program, values, targets));
    const auto run_once = [&]() -> Result<std::vector<RunValue>> {
      auto results = runner_->run(values, outputs, bound, options, {report_.model, trace_.get()});
      TENON_RETURN_IF_ERROR(loaded_->check_files());
      return results;
    };
    auto results = run_once();
    // What was computed while a file's times changed may be wrong, even where its bytes are right now.
    const bool may_try_again = results.status().code() == TN_DATA_LOST && !bound.changes_inputs();
    return may_try_again && loaded_->reaffirm_files() ? run_once() : std::move(results);
  });
}

void OpenedSession::note_clashes(std::span<const NamedValue> inputs, std::span<const size_t> given) {
  const std::vector<NameClash> found = find_name_clashes(loaded_->inputs, inputs, given);
  if (found.empty()) return;
  const std::lock_guard lock(clashes_mutex_);
  for (const NameClash& clash : found) clashes_.try_emplace(clash.symbol, clash.text);
}

std::vector<NodePlacement> OpenedSession::placement() const {
  auto placed = loaded_->plan != nullptr ? loaded_->plan->decisions(*loaded_->model->graph) : report_.placement;
  std::unordered_map<const Node*, uint64_t> costs;
  for (const Step* step : step_tree(loaded_->program.steps))
    if (const uint64_t cost = step->kernel.cost_ns(); cost > 0) costs.emplace(step->nodes.front(), cost);
  if (costs.empty()) return placed;
  size_t i = 0;
  for_each_node(*loaded_->model->graph, [&](const Node& node, const std::string&) {
    if (const auto cost = costs.find(&node); cost != costs.end()) placed[i].cost_ns = cost->second;
    ++i;
  });
  return placed;
}

SessionReport OpenedSession::report() const {
  SessionReport report = report_;
  report.threads = budget_.threads;
  {
    const std::lock_guard lock(clashes_mutex_);
    for (const auto& [symbol, text] : clashes_) report.notes.push_back(text);
  }
  report.placement = placement();
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

Result<std::filesystem::path> OpenedSession::end_profile() {
  return guarded([&]() -> Result<std::filesystem::path> {
    if (trace_ == nullptr)
      return error(TN_INVALID_ARGUMENT, "the session has no profile: open it with the option 'profile'");
    TENON_RETURN_IF_ERROR(trace_->end());
    return trace_->path();
  });
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
