// Opens models of every format that the host reads. Their content tells which it is, not their name. Thread-safe.
#pragma once

#include "host/formats/onnx/importer.h"

namespace tenon::host {

/// Maps and imports a model file: .onnx, or .ort.
Result<std::unique_ptr<Model>> import_model_file(const std::filesystem::path& path, const ImportOptions& options = {});
/// The same from memory that `owner` keeps alive (nullptr: the caller does, as long as the model). `folder`: where
/// external data of an ONNX model is looked for; empty: external data is an error.
Result<std::unique_ptr<Model>> import_model_bytes(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                                                  const std::filesystem::path& folder = {},
                                                  const ImportOptions& options = {});

}  // namespace tenon::host
