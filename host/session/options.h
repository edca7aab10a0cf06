// What a session is opened with.
#pragma once

#include <tenon/kernel_api/provider.h>

#include <cstdint>
#include <filesystem>
#include <vector>

#include "host/graph/port.h"
#include "host/packs/pack_options.h"
#include "host/plugins/loading/provider_list.h"
#include "host/session/free_dimensions.h"
#include "host/threads/affinity.h"

namespace tenon::host {

/// What to ask the system for, beyond what it does by itself, for the pages of a session's files and packed weights.
/// What was asked, and what was refused, is in the report's notes; a refusal is no error.
struct MemoryPolicy {
  bool prefetch = false;     // read everything in while opening, instead of at the first touch
  bool lock_memory = false;  // keep it in memory, within RLIMIT_MEMLOCK
  bool huge_pages = false;   // where the system has them for the kind of memory; large arenas always ask
};

/// A field that users may set by name has a row in option_table.inc, which says what the environment adds.
struct SessionOptions {
  /// In the user's order: the first that takes a node gets it. Empty: kDefaultProviders, and
  /// provider_on_demand() where it is needed.
  std::vector<ProviderSpec> providers;
  /// Tables in this process, before `providers` in the order; with them, no providers means none. Must outlive the
  /// session.
  std::vector<const tn_provider*> provider_tables;
  /// Those of `providers` that run in a worker process each, separated by commas; "all": every one. Empty: none.
  std::string isolate;
  unsigned threads = 0;                                          // per run, at most all usable CPUs; 0: all
  std::vector<CpuList> thread_affinity;                          // see ThreadPool::pin()
  std::filesystem::path external_data_root;                      // see ImportOptions
  std::vector<DimensionSize> free_dimensions, free_denotations;  // see fix_dimensions()
  /// For initializers in the place of the model's data, which are not read. The memory is borrowed by all sessions that
  /// are opened with it. Such sessions use no pack, which would be of other data.
  std::vector<NamedTensor> initializers;
  bool fold_constants = true;
  uint64_t fold_limit_bytes = uint64_t{1} << 30;
  /// False: the graph stays as the model has it, but for folding; for finding out what a rule has done.
  bool rewrite_graph = true;
  uint64_t run_memory_limit_bytes = 0;  // arena and scratch of one run; 0: what the machine or cgroup allows
  /// False: arenas and scratch go back to the system after each run, instead of waiting for the next.
  bool keep_run_memory = true;
  /// False: opening leaves the process's handler of SIGBUS alone; a file that is truncated while open may then end the
  /// process.
  bool fault_guard = true;
  /// True: installs handlers, once for the process and for good, that write to standard error which provider was being
  /// called, for which node, when a signal, exit() or std::terminate ends the process.
  bool crash_report = false;
  /// True: kernels are run several times in guarded memory, and what breaches the ABI's contract is an error that names
  /// it. For those who write providers: runs take several times as long and as much memory.
  bool validate = false;
  /// Where the open writes the graph that folding and rewriting leave, .onnx or .ort by the ending; empty: nowhere.
  /// Such a session is opened from its model, whatever packs there are.
  std::filesystem::path optimized_model;
  std::filesystem::path profile;  // Chrome trace of the open and of all runs; empty: none
  MemoryPolicy memory;
  PackOptions pack;
  /// False: nodes that no provider takes are reported instead of failing the open; such a session cannot run.
  bool require_placement = true;
};

}  // namespace tenon::host
