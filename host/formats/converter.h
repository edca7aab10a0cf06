// Writes models in the format that the name of the file asks for. Nothing is optimized here. Thread-safe for different
// models.
#pragma once

#include <filesystem>

#include "host/base/status.h"
#include "host/graph/graph.h"

namespace tenon::host {

struct Conversion {
  bool external_data = false;                // of an .onnx target: weights go to TARGET.data, aligned
  std::filesystem::path external_data_root;  // see ImportOptions
};

/// Writes the model at `from`, .onnx or .ort by its content, to `to`, whose ending tells the format.
/// TN_INVALID_ARGUMENT for another ending, a folder, and the model itself.
Status convert_model(const std::filesystem::path& from, const std::filesystem::path& to, const Conversion& conversion);

/// Writes a model that was imported, and may have been optimized since, to `to`, whose ending tells the format. Weights
/// are inside, but of an .onnx file of more than 2 GB, which has them in TARGET.data. For .ort the model is changed as
/// prepare_for_onnxruntime() says. TN_INVALID_ARGUMENT for another ending, a folder, and a file that the model lies in.
Status write_model(Model& model, const std::filesystem::path& to);

}  // namespace tenon::host
