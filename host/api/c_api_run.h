// What runs that block their caller and runs that do not take from it.
#pragma once

#include <tenon/value.h>

#include <memory>
#include <vector>

#include "host/api/c_api_internal.h"

namespace tenon::host::c_api {

/// What a run is asked for, apart from its inputs, as the caller gives it.
struct RunRequest {
  tenon_session* session;
  const char* const* outputs;
  size_t output_count;
  const tenon_run_options* options;
};

Status take_inputs(const tenon_tensor* inputs, size_t count, std::vector<NamedValue>* given);
Status take_inputs(const tenon_named_value* inputs, size_t count, std::vector<NamedValue>* given);

/// A run with all that it needs: of the caller's it borrows the session, bytes of tensors and the cancel.
class PreparedRun {
 public:
  /// Once, first.
  template <typename Inputs>
  Status prepare(const RunRequest& request, const Inputs* inputs, size_t input_count) {
    TENON_RETURN_IF_ERROR(take_inputs(inputs, input_count, &inputs_));
    return take_request(request);
  }
  /// Once. The inputs are let go of before it returns.
  Result<std::unique_ptr<tenon_results>> run();

 private:
  Status take_request(const RunRequest& request);

  const tenon_session* session_ = nullptr;
  std::vector<NamedValue> inputs_;
  std::vector<std::string> wanted_;
  RunOptions options_;
  std::unique_ptr<tenon_results> results_;  // made before memory may run out
};

}  // namespace tenon::host::c_api
