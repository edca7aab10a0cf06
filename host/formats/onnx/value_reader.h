// Values of any kind in the files of an ONNX test data set. Thread-safe.
#pragma once

#include <filesystem>

#include "host/base/status.h"
#include "host/graph/run_value.h"

namespace tenon::host {

/// Reads a serialized TensorProto, SequenceProto, OptionalProto or MapProto, whichever a value of `type` is stored as,
/// into memory of its own. TN_NOT_FOUND, or TN_INVALID_MODEL for a file that holds something else.
Result<RunValue> read_value_proto(const std::filesystem::path& path, const ValueType& type);

}  // namespace tenon::host
