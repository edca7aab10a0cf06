// What a model needs to run, apart from any run. The sessions of one process that open the same files with the same
// providers share it; it is immutable from the first session on. LoadedModels is thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/graph/port.h"
#include "host/packs/plan_reader.h"
#include "host/placement/prepack.h"
#include "host/runtime/program.h"

namespace tenon::host {

struct LoadedModel {
  ProviderList providers;  // outlives the kernels in `program`
  std::unique_ptr<Model> model;
  // What the kernels read packed weights from: a pack file, or private memory.
  std::shared_ptr<const PackFile> pack;
  std::string pack_note;  // see OpenedPack
  std::unique_ptr<PackPlan> plan;
  PackedWeights packed;
  // By piecewise_digest(), of model->files, where there is no pack; nothing of a file that is too large.
  std::vector<std::optional<Digest>> file_digests;
  Program program;
  std::vector<Port> inputs, outputs;  // as declared

  /// TN_DATA_LOST when a file did not stay as it was opened: whatever was computed from it is worthless, errors
  /// included. thread: any.
  Status check_files() const;
  /// After check_files() failed. Whether all files that changed were only touched, by the digests that were taken of
  /// them. thread: any.
  bool reaffirm_files() const;

 private:
  bool has_same_bytes(size_t file, std::span<const std::byte> bytes) const;
};

/// Those of this process that a session holds, by all that they were made from. Keeps none alive.
class LoadedModels {
 public:
  static LoadedModels& instance();
  /// nullptr: none.
  std::shared_ptr<const LoadedModel> find(const std::string& key);
  /// The last one put under a key is found.
  void put(const std::string& key, const std::shared_ptr<const LoadedModel>& loaded);

 private:
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<const LoadedModel>> live_;
};

}  // namespace tenon::host
