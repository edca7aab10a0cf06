// Opens .onnx files: walks the protobuf wire format over a mapping, takes the positions of weights and never parses or
// copies their bytes; the onnx package's messages parse the rest. Protobuf does not leave this folder. Thread-safe.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>

#include "host/base/status.h"
#include "host/graph/graph.h"
#include "host/graph/port.h"
#include "host/storage/file_mapping.h"

namespace tenon::host {

struct ImportOptions {
  /// External data must lie beneath this folder; empty: beneath the model's own. For link farms such as a model hub's
  /// cache.
  std::filesystem::path external_data_root;
  /// For initializers of the main graph, whose data in the model are not read; see given_initializers.h.
  std::span<const NamedTensor> initializers = {};
  /// Copies weights that do not lie aligned, on several threads if it likes; empty: on the caller's.
  std::function<void(size_t count, const std::function<void(size_t)>& task)> run_tasks;
};

/// Imports a model file that `file` maps; `path`: under which it was asked for. The graph is finished (Graph::finish)
/// and schemas are resolved.
Result<std::unique_ptr<Model>> import_onnx_file(const std::filesystem::path& path,
                                                std::shared_ptr<const FileMapping> file,
                                                const ImportOptions& options = {});
/// Imports from memory that `owner` keeps alive (nullptr: the caller does, as long as the model). `folder`: where
/// external data is looked for; empty: external data is an error.
Result<std::unique_ptr<Model>> import_onnx_bytes(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                                                 const std::filesystem::path& folder = {},
                                                 const ImportOptions& options = {});
/// Reads a serialized TensorProto (an ONNX test data file) into memory of its own.
Result<Tensor> read_tensor_proto(const std::filesystem::path& path);
Result<Tensor> read_tensor_bytes(std::span<const std::byte> serialized);

}  // namespace tenon::host
