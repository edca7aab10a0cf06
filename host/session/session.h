// A session: a model opened, placed on providers, planned, and ready to run. run() is safe from several threads at
// once; the rest is for one thread at a time.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/graph/graph.h"
#include "host/graph/port.h"
#include "host/report/report.h"
#include "host/runtime/run_options.h"
#include "host/session/options.h"

namespace tenon::host {

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
  /// dimensions; for an optional also what it would hold may be given; names of dimensions that stand for two numbers
  /// are a note of the report. `wanted`: names of outputs, all when empty; the results come in that order and own their
  /// memory. TN_DATA_LOST when a file of the model did not stay as it was opened: now and for every later run.
  virtual Result<std::vector<RunValue>> run_values(std::span<const NamedValue> inputs,
                                                   std::span<const std::string> wanted = {},
                                                   const RunOptions& options = {}) = 0;
  /// The same of tensors alone. TN_UNSUPPORTED after the run names a wanted output that is none.
  Result<std::vector<Tensor>> run(std::span<const NamedTensor> inputs, std::span<const std::string> wanted = {},
                                  const RunOptions& options = {});
  /// Where every node runs and why. thread: any.
  virtual std::vector<NodePlacement> placement() const = 0;
  /// The same, and where every byte lives. thread: any.
  virtual SessionReport report() const = 0;
  virtual const Model& model() const = 0;
  /// Makes the file of SessionOptions::profile whole and gives its path; later runs are not in it. More often than
  /// once, too. TN_INVALID_ARGUMENT: the session has none; TN_NOT_FOUND: something could not be written. thread: any.
  virtual Result<std::filesystem::path> end_profile() = 0;
};

/// Packs a model ahead of time into the file `target`. Beside the model, as <model>.tpack, every session finds it, on
/// this machine or another of its kind; self-contained it is opened like a model and needs no other file.
Status pack_model(const std::filesystem::path& model, const std::filesystem::path& target, bool self_contained,
                  const SessionOptions& options = {});

}  // namespace tenon::host
