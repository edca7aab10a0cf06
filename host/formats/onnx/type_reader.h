// TypeProto to ValueType. Thread-safe.
#pragma once

#include "host/base/status.h"
#include "host/formats/onnx/onnx_proto.h"
#include "host/graph/graph.h"

namespace tenon::host {

/// TN_INVALID_MODEL or TN_UNSUPPORTED says what is wrong with the type, without the value's name.
Result<ValueType> read_type(const onnx::TypeProto& proto);

}  // namespace tenon::host
