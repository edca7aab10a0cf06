// Opens .ort files, the format of ONNX Runtime: mapped, verified before use, initializers in place. FlatBuffers do not
// leave this folder. Thread-safe.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

#include "host/base/status.h"
#include "host/graph/graph.h"
#include "host/storage/file_mapping.h"

namespace tenon::host {

/// Imports a model file that `file` maps; `path`: under which it was asked for. The graph is finished and its schemas
/// are resolved.
Result<std::unique_ptr<Model>> import_ort_file(const std::filesystem::path& path,
                                               std::shared_ptr<const FileMapping> file);
/// Imports from memory that `owner` keeps alive (nullptr: the caller does, as long as the model). Bytes that are not
/// aligned to 8 are copied, and the graph's notes say so.
Result<std::unique_ptr<Model>> import_ort_bytes(std::span<const std::byte> bytes, std::shared_ptr<const void> owner);

}  // namespace tenon::host
