// Writes models of one format in another. Nothing is optimized. Thread-safe.
#pragma once

#include <filesystem>

#include "host/base/status.h"

namespace tenon::host {

struct Conversion {
  bool external_data = false;                // of an .onnx target: weights go to TARGET.data, aligned
  std::filesystem::path external_data_root;  // see ImportOptions
};

/// Writes the model at `from`, .onnx or .ort by its content, to `to`, whose ending tells the format.
/// TN_INVALID_ARGUMENT for another ending, a folder, and the model itself.
Status convert_model(const std::filesystem::path& from, const std::filesystem::path& to, const Conversion& conversion);

}  // namespace tenon::host
