// Writes models in the .ort schema: files for ONNX Runtime and Tenon, and the plan section of a pack. Thread-safe.
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "host/base/status.h"
#include "host/formats/ort/write_options.h"
#include "host/graph/graph.h"

namespace tenon::host {

/// Serializes the whole model; inline data of constants are aligned to 64 bytes. The graph is finished, its schemas are
/// resolved. TN_UNSUPPORTED when the result would pass 2 GiB, the end of the format; TN_INVALID_ARGUMENT for a
/// constant without data that is not outside.
Result<std::vector<std::byte>> write_ort(const Model& model, const OrtWriteOptions& options = {});
/// The same to a file, which appears whole or not at all.
Status write_ort_file(const Model& model, const std::filesystem::path& path, const OrtWriteOptions& options = {});

}  // namespace tenon::host
