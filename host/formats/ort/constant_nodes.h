// Constant nodes, which ONNX Runtime has as initializers. Thread-safe.
#pragma once

#include "host/base/status.h"
#include "host/graph/graph.h"

namespace tenon::host::ort {

bool is_constant_node(const Node& node);
/// The tensor that a Constant node stands for, from whichever attribute holds it.
Result<Tensor> constant_of(const Node& node);

}  // namespace tenon::host::ort
