// Reads models of the .ort schema, verified before use, with initializers in place. Both .ort files and the plan
// section of a pack are in this schema. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "host/base/status.h"
#include "host/formats/ort/read_options.h"
#include "host/graph/graph.h"

namespace tenon::host {

/// Whether the bytes carry the identifier of the format.
bool is_ort(std::span<const std::byte> bytes);

/// Reads a model that `owner` keeps alive (nullptr: the caller does, as long as the model). The graph is finished and
/// every node has the schema of the version that it names; nodes and values keep their order. `bytes` must be aligned
/// to 8 (TN_INVALID_ARGUMENT). TN_INVALID_MODEL for damage of any kind, TN_UNSUPPORTED for what this build cannot
/// read. Memory is bounded by a multiple of the length.
Result<std::unique_ptr<Model>> read_ort(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                                        const OrtReadOptions& options = {});

}  // namespace tenon::host
