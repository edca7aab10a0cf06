// Opens models of every format that the host reads. Their content tells which it is, not their name. Thread-safe.
#pragma once

#include "host/formats/onnx/importer.h"

namespace tenon::host {

/// Imports a model file, .onnx or .ort, that `file` maps. `path`: under which it was asked for; external data is looked
/// for beside it.
Result<std::unique_ptr<Model>> import_model_file(const std::filesystem::path& path,
                                                 std::shared_ptr<const FileMapping> file,
                                                 const ImportOptions& options = {});
/// The same, mapped here.
Result<std::unique_ptr<Model>> import_model_file(const std::filesystem::path& path, const ImportOptions& options = {});
/// The same from memory that `owner` keeps alive (nullptr: the caller does, as long as the model). `folder`: where
/// external data of an ONNX model is looked for; empty: external data is an error.
Result<std::unique_ptr<Model>> import_model_bytes(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                                                  const std::filesystem::path& folder = {},
                                                  const ImportOptions& options = {});

}  // namespace tenon::host
