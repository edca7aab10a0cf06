// Writes .onnx files. Weights go from where they lie straight to the file, so a model of any size is written with
// little private memory. Thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>

#include "host/base/status.h"
#include "host/graph/graph.h"

namespace tenon::host {

struct OnnxExportOptions {
  /// Initializers of 1 KiB and more go to "<file name>.data" beside the model; smaller ones, which shape inference
  /// reads, stay inside. Each starts at a multiple of 64 bytes, enough to be used in place by any kernel; from 1 MiB on
  /// at a page, as ONNX asks for the sake of runtimes that map tensors one by one, at a loss of 0.4 % at most.
  bool external_data = false;
};

/// Writes a finished model whose schemas are resolved; each file appears whole or not at all, the data first.
/// TN_UNSUPPORTED when a file without external data would pass the 2 GiB where protobuf ends; TN_INVALID_ARGUMENT for
/// a constant without data, a file that cannot be written, and a data file that the model is mapped from.
Status export_onnx_file(const Model& model, const std::filesystem::path& path, const OnnxExportOptions& options = {});

}  // namespace tenon::host
