// A session: a model opened, placed on providers, planned, and ready to run. run() is safe from several threads at
// once; the rest is for one thread at a time.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/graph/graph.h"
#include "host/plugins/provider.h"
#include "host/session/packs/pack_options.h"
#include "host/session/report.h"

namespace tenon::host {

/// What to ask the system for, beyond what it does by itself, for the pages of a session's files and packed weights.
/// What was asked, and what was refused, is in the report's notes; a refusal is no error. TENON_PREFETCH=1,
/// TENON_LOCK_MEMORY=1 and TENON_HUGE_PAGES=1 ask for every session.
struct MemoryPolicy {
  bool prefetch = false;     // read everything in while opening, instead of at the first touch
  bool lock_memory = false;  // keep it in memory, within RLIMIT_MEMLOCK
  bool huge_pages = false;   // where the system has them for the kind of memory; large arenas always ask
};

struct SessionOptions {
  /// In the user's order: the first that takes a node gets it. Empty: TENON_PROVIDERS, or cpu_blas then cpu_ref.
  std::vector<ProviderSpec> providers;
  /// Tables in this process, before `providers` in the order; with them, no providers means none. Must outlive the
  /// session.
  std::vector<const tn_provider*> provider_tables;
  unsigned threads = 0;                      // per run, at most all usable CPUs; 0: all
  std::filesystem::path external_data_root;  // see ImportOptions
  bool fold_constants = true;
  uint64_t fold_limit_bytes = uint64_t{1} << 30;
  /// False: the graph stays as the model has it, but for folding; for finding out what a rule has done.
  bool rewrite_graph = true;
  uint64_t run_memory_limit_bytes = 0;  // arena and scratch of one run; 0: what the machine or cgroup allows
  /// False: opening leaves the process's handler of SIGBUS alone; a file that is truncated while open may then end the
  /// process. TENON_FAULT_GUARD=off has the same effect.
  bool fault_guard = true;
  /// True: installs handlers, once for the process and for good, that write to standard error which provider was being
  /// called, for which node, when a signal, exit() or std::terminate ends the process. TENON_CRASH_REPORT=1 asks for
  /// every session, and the `tenon` command always does.
  bool crash_report = false;
  MemoryPolicy memory;
  PackOptions pack;
  /// False: nodes that no provider takes are reported instead of failing the open; such a session cannot run.
  bool require_placement = true;
};

/// Set from any thread to stop the runs that were given it.
class CancelToken {
 public:
  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  bool is_cancelled() const { return cancelled_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> cancelled_{false};
};

struct RunOptions {
  const CancelToken* cancel = nullptr;  // must outlive the run
  std::optional<std::chrono::steady_clock::time_point> deadline;
  std::filesystem::path profile;  // Chrome trace of this run; empty: none
};

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

/// An input or output of the model as declared.
struct Port {
  std::string name;
  ValueType type;
  bool has_default = false;  // an input that a run may leave out: the model's initializer of that name is taken
};

class Session {
 public:
  static Result<std::unique_ptr<Session>> open(const std::filesystem::path& path, const SessionOptions& options = {});
  /// `owner` keeps the bytes alive (nullptr: the caller does, as long as the session). `folder`: of external data.
  static Result<std::unique_ptr<Session>> open_bytes(std::span<const std::byte> bytes,
                                                     std::shared_ptr<const void> owner,
                                                     const SessionOptions& options = {},
                                                     const std::filesystem::path& folder = {});
  /// Of a model made in memory: its graph is finished and its schemas are resolved.
  static Result<std::unique_ptr<Session>> open_model(std::unique_ptr<Model> model, const SessionOptions& options = {});
  virtual ~Session() = default;

  virtual const std::vector<Port>& inputs() const = 0;
  virtual const std::vector<Port>& outputs() const = 0;
  /// Runs the model. Every input without a default must be given, none twice, with the declared type, rank and fixed
  /// dimensions; names of dimensions that stand for two numbers are a note of the report. `wanted`: names of outputs,
  /// all when empty; the results come in that order and own their memory. TN_DATA_LOST when a file of the model did not
  /// stay as it was opened: now and for every later run.
  virtual Result<std::vector<Tensor>> run(std::span<const NamedTensor> inputs, std::span<const std::string> wanted = {},
                                          const RunOptions& options = {}) = 0;
  /// Where every node runs and why, and where every byte lives. thread: any.
  virtual SessionReport report() const = 0;
  virtual const Model& model() const = 0;
};

/// Packs a model ahead of time into the file `target`. Beside the model, as <model>.tpack, every session finds it, on
/// this machine or another of its kind; self-contained it is opened like a model and needs no other file.
Status pack_model(const std::filesystem::path& model, const std::filesystem::path& target, bool self_contained,
                  const SessionOptions& options = {});

}  // namespace tenon::host
