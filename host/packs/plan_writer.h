// Writes the plan section of a pack (plan.fbs) from a session that was imported, optimized and placed. Used by one
// thread while a session opens.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/graph/port.h"
#include "host/placement/placement.h"
#include "host/placement/prepack.h"
#include "host/storage/digest.h"

namespace tenon::host {

/// Where the bytes of a constant will be found.
struct ConstantPlace {
  enum class Holder : uint8_t { kSource, kBlob, kNowhere } holder = Holder::kSource;
  uint32_t index = 0;  // of the model's files, or of the pack's blobs
  uint64_t offset = 0;
  uint64_t length = 0;
  std::string reason;  // why it is not in the source
};

struct PlanContents {
  const Model* model = nullptr;
  const Placement* placement = nullptr;
  const ProviderList* providers = nullptr;
  const PrepackPlan* prepack = nullptr;
  std::span<const uint32_t> packed_blobs;         // the pack's blob of each blob of `prepack`
  std::span<const std::optional<Digest>> probes;  // likewise, see pack_proof.h
  std::span<const Port> inputs, outputs;          // as declared
  std::span<const std::string> notes;
  std::string fixed_dimensions;  // as in ModelToPack
  /// Of model->files, where they are known; empty: the files are left out, nothing lies in them.
  std::span<const std::optional<Digest>> source_digests;
  /// Constants that are not here are written into the plan itself.
  std::unordered_map<const Value*, ConstantPlace> constants;
};

Result<std::vector<std::byte>> write_plan(const PlanContents& contents);

}  // namespace tenon::host
