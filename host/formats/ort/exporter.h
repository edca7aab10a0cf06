// Writes .ort files for ONNX Runtime and Tenon. Thread-safe for different models.
#pragma once

#include <filesystem>

#include "host/base/status.h"
#include "host/graph/graph.h"

namespace tenon::host {

/// Makes the model one that ONNX Runtime opens as .ort, where it infers no types and inlines no functions: types are
/// inferred, Constant nodes become initializers, and CastLike nodes the Cast nodes that they mean.
Status prepare_for_onnxruntime(Model& model);
/// Prepares the model and writes it; the file appears whole or not at all. TN_UNSUPPORTED for what an .ort file cannot
/// hold, and past 2 GiB, where the format ends.
Status export_ort_file(Model& model, const std::filesystem::path& path);

}  // namespace tenon::host
