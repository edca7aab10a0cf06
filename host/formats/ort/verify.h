// Whether bytes are a sound .ort file, before anything of them is used. Thread-safe.
#pragma once

#include <cstddef>
#include <span>

#include "host/base/status.h"

namespace tenon::host::ort {

/// Subgraphs that may nest in each other.
constexpr int kMaxSubgraphDepth = 24;

/// Checks identifier, every offset and length, and the depth of tables, in time proportional to the length. `bytes` are
/// aligned to 8.
Status verify(std::span<const std::byte> bytes);

}  // namespace tenon::host::ort
