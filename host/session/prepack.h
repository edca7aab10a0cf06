// Packed weights: asks each kernel how it wants its constant inputs, packs what is wanted once per key and weight, and
// hands the packed bytes to the kernels. Used by one thread while a session opens; the packed bytes are read-only
// afterwards and must outlive the kernels.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_set>
#include <vector>

#include "host/session/host_region.h"
#include "host/session/program.h"

namespace tenon::host {

struct PackedWeights {
  std::unique_ptr<HostRegion> region;  // all packed blobs
  uint64_t bytes = 0;                  // of the blobs
  /// Constants that no kernel reads other than through packed bytes.
  std::unordered_set<const Value*> unread_sources;
};

/// TN_OUT_OF_MEMORY names the step whose blob passed `limit_bytes`; errors of kernels come with their step.
Result<PackedWeights> prepack(std::vector<Step>& steps, const Graph& graph, uint64_t limit_bytes, unsigned threads);

}  // namespace tenon::host
