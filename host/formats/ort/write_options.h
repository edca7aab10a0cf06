// What a writer of the .ort schema is told.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "host/graph/graph.h"

namespace tenon::host {

struct OrtWriteOptions {
  /// Where the data of a constant lie outside of the buffer (0 or more); nothing: they are written inline. Empty: all
  /// inline.
  std::function<std::optional<int64_t>(const Value& constant)> outside;
  /// For ONNX Runtime, which needs edges and kernel types. Types and attributes that it cannot read are TN_UNSUPPORTED,
  /// as are values of unknown type. Without it, only Tenon reads the result. export_ort_file() prepares a model for it.
  bool interchange = false;
};

}  // namespace tenon::host
