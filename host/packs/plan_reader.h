// Restores from the plan section of a pack what a session needs to run: model, steps with their kernels, packed
// weights. The section is verified, but nothing in it is trusted to fit the model's files or the providers as they are
// now: what does not fit is a status, and the caller opens the model from its source. Used by one thread while a
// session opens.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/graph/port.h"
#include "host/placement/placement.h"
#include "host/storage/digest.h"
#include "host/storage/pack/pack_file.h"

namespace tenon::host {

/// The section's name in a pack.
constexpr const char* kPlanSection = "plan";

/// Weights of more bytes may be left out when every kernel reads them packed. Kernels may look at smaller ones when
/// they are made.
constexpr uint64_t kMostKeptBytes = 4096;

/// A file that a pack refers to, as it was when the pack was made.
struct PlanSource {
  std::string location;  // as SourceFile::location
  FileIdentity identity;
  std::optional<Digest> digest;  // nothing: it was too large to be read while opening
};

class PackPlan {
 public:
  /// Verifies the section. TN_INVALID_MODEL says what is wrong with it.
  static Result<std::unique_ptr<PackPlan>> read(std::shared_ptr<const PackFile> pack);
  virtual ~PackPlan() = default;

  virtual std::vector<PlanSource> sources() const = 0;
  /// Where the model was when the pack was made.
  virtual std::string model_path() const = 0;
  virtual std::vector<Port> inputs() const = 0;
  virtual std::vector<Port> outputs() const = 0;
  virtual std::vector<std::string> notes() const = 0;
  /// See ModelToPack.
  virtual std::string fixed_dimensions() const = 0;

  struct Restored {
    std::unique_ptr<Model> model;
    std::vector<Step> steps;
  };
  /// `files`: mapped, one for each of sources(). TN_UNSUPPORTED when these providers would not make the same kernels.
  /// `is_unproven`: the model's structure is verified, and types and shapes are inferred anew and held against what the
  /// plan says; not asked for where that was done with this plan before.
  virtual Result<Restored> restore(std::vector<SourceFile> files, const ProviderList& providers,
                                   bool is_unproven = true) const = 0;
  /// Has kernels of `restored` pack weights again, see pack_proof.h. TN_UNSUPPORTED when they come out otherwise.
  virtual Status prove(const Restored& restored) const = 0;
  /// Where each node of `graph` (of restore()) runs and why.
  virtual std::vector<NodePlacement> decisions(const Graph& graph) const = 0;
};

}  // namespace tenon::host
