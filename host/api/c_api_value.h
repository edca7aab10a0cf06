// What the files of the C API share of values.
#pragma once

#include <tenon/value.h>

#include <string>

#include "host/graph/run_value.h"

namespace tenon::host::c_api {

/// A view of the caller's memory. `t`: as taken(). `what`: says in errors what the tensor is, its name follows.
Result<Tensor> borrowed(const tenon_tensor& t, const char* what);
/// Lives as long as the tensor and the name. `argument`: of the call.
Status give_view(const Tensor& tensor, const char* name, tenon_tensor* out, const char* argument);

}  // namespace tenon::host::c_api

struct tenon_value {
  tenon::host::RunValue value;
};
