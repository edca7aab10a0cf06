// The table of functions as the compiler sees it; others ask function_body.h.
#pragma once

#include "host/graph/schemas/function_body.h"

namespace tenon::host::schemas {

#include "host/graph/schemas/onnx_functions.inc"

}  // namespace tenon::host::schemas
