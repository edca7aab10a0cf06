// <tenon/tenon.h>: runs, their results, and their cancelling.
#include "host/api/c_api_run.h"

#include <chrono>
#include <optional>

#include "host/api/c_api_internal.h"
#include "host/api/c_api_sizes.h"
#include "host/api/c_api_value.h"

using namespace tenon::host;
using namespace tenon::host::c_api;

namespace {

// A deadline past what the clock can hold is none.
std::optional<std::chrono::steady_clock::time_point> deadline_after(int64_t timeout_ms) {
  using std::chrono::milliseconds;
  const auto now = std::chrono::steady_clock::now();
  const auto left =
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::time_point::max() - now).count();
  if (timeout_ms < 0 || timeout_ms >= left) return std::nullopt;
  return now + milliseconds(timeout_ms);
}

void take_options(const tenon_run_options& given, RunOptions* options) {
  options->cancel = given.cancel != nullptr ? &given.cancel->token : nullptr;
  options->deadline = deadline_after(given.timeout_ms);
  if (!given.profile.empty()) options->profile = given.profile;
  options->keep_memory = given.keep_memory;
  if (!given.bound.empty()) options->bound = given.bound;
}

template <typename Inputs>
int run(const RunRequest& request, const Inputs* inputs, size_t input_count, tenon_results** results) {
  return code_of([&]() -> Status {
    if (results == nullptr) return null_argument("results");
    *results = nullptr;
    PreparedRun run;
    TENON_RETURN_IF_ERROR(run.prepare(request, inputs, input_count));
    TENON_ASSIGN_OR_RETURN(auto made, run.run());
    *results = made.release();
    return {};
  });
}

Status check_result(const tenon_results* results, size_t index) {
  if (results == nullptr) return null_argument("results");
  if (index < results->values.size()) return {};
  return error(TN_INVALID_ARGUMENT, "there is no result ", index, ": there are ", results->values.size());
}

}  // namespace

namespace tenon::host::c_api {

Status PreparedRun::take_request(const RunRequest& request) {
  if (request.session == nullptr) return null_argument("session");
  session_ = request.session;
  if (request.options != nullptr) take_options(*request.options, &options_);
  results_ = std::make_unique<tenon_results>();
  for (size_t i = 0; request.outputs != nullptr && i < request.output_count; ++i) {
    if (request.outputs[i] == nullptr) return error(TN_INVALID_ARGUMENT, "output name ", i, " is NULL");
    wanted_.push_back(request.outputs[i]);
  }
  return {};
}

Result<std::unique_ptr<tenon_results>> PreparedRun::run() {
  const std::vector<NamedValue> inputs = std::move(inputs_);
  TENON_ASSIGN_OR_RETURN(results_->values, session_->session->run_values(inputs, wanted_, options_));
  results_->names =
      wanted_.empty() ? session_->output_names : std::make_shared<const std::vector<std::string>>(std::move(wanted_));
  return std::move(results_);
}

Status take_inputs(const tenon_tensor* inputs, size_t count, std::vector<NamedValue>* given) {
  if (inputs == nullptr && count > 0) return null_argument("inputs");
  given->reserve(count);
  return take_each(inputs, count, "input", [&](size_t i, const tenon_tensor& input) -> Status {
    if (input.name == nullptr) return error(TN_INVALID_ARGUMENT, "input ", i, " has no name");
    NamedValue& taken = given->emplace_back();
    taken.name = input.name;
    TENON_ASSIGN_OR_RETURN(taken.value.tensor(), borrowed(input, "input"));
    return {};
  });
}

Status take_inputs(const tenon_named_value* inputs, size_t count, std::vector<NamedValue>* given) {
  if (inputs == nullptr && count > 0) return null_argument("inputs");
  given->reserve(count);
  return take_each(inputs, count, "input", [&](size_t i, const tenon_named_value& input) -> Status {
    if (input.name == nullptr) return error(TN_INVALID_ARGUMENT, "input ", i, " has no name");
    if (input.value == nullptr) return error(TN_INVALID_ARGUMENT, "the value of input '", input.name, "' is NULL");
    given->push_back({input.name, input.value->value});
    return {};
  });
}

}  // namespace tenon::host::c_api

tenon_run_options* tenon_run_options_create(void) {
  tenon_run_options* options = new (std::nothrow) tenon_run_options;
  if (options == nullptr) failed(TN_OUT_OF_MEMORY, "out of memory");
  return options;
}

void tenon_run_options_destroy(tenon_run_options* options) {
  delete options;
}

int tenon_run_options_set_timeout(tenon_run_options* options, int64_t milliseconds) {
  return code_of([&]() -> Status {
    if (options == nullptr) return null_argument("options");
    options->timeout_ms = milliseconds;
    return {};
  });
}

int tenon_run_options_set_cancel(tenon_run_options* options, tenon_cancel* cancel) {
  return code_of([&]() -> Status {
    if (options == nullptr) return null_argument("options");
    options->cancel = cancel;
    return {};
  });
}

int tenon_run_options_set_profile(tenon_run_options* options, const char* path) {
  return code_of([&]() -> Status {
    if (options == nullptr) return null_argument("options");
    options->profile = path != nullptr ? path : "";
    return {};
  });
}

int tenon_run_options_set_keep_memory(tenon_run_options* options, int keep) {
  return code_of([&]() -> Status {
    if (options == nullptr) return null_argument("options");
    if (keep < -1 || keep > 1) return error(TN_INVALID_ARGUMENT, "'keep' is ", keep, ", expected 0, 1 or -1");
    options->keep_memory = keep < 0 ? std::nullopt : std::optional(keep == 1);
    return {};
  });
}

int tenon_run_options_bind_output(tenon_run_options* options, const tenon_tensor* tensor) {
  return code_of([&]() -> Status {
    if (options == nullptr) return null_argument("options");
    if (tensor == nullptr) return null_argument("tensor");
    TENON_ASSIGN_OR_RETURN(const tenon_tensor whole, taken(tensor, "the tensor"));
    if (whole.name == nullptr) return error(TN_INVALID_ARGUMENT, "the tensor has no name: set it to the output's");
    const std::string name = whole.name;
    TENON_ASSIGN_OR_RETURN(Tensor memory, borrowed(whole, "output"));
    std::erase_if(options->bound, [&](const BoundOutput& output) { return output.name == name; });
    if (whole.data != nullptr) options->bound.push_back({name, std::move(memory)});
    return {};
  });
}

int tenon_session_run(tenon_session* session, const tenon_tensor* inputs, size_t input_count,
                      const char* const* outputs, size_t output_count, const tenon_run_options* options,
                      tenon_results** results) {
  return run(RunRequest{session, outputs, output_count, options}, inputs, input_count, results);
}

int tenon_session_run_values(tenon_session* session, const tenon_named_value* inputs, size_t input_count,
                             const char* const* outputs, size_t output_count, const tenon_run_options* options,
                             tenon_results** results) {
  return run(RunRequest{session, outputs, output_count, options}, inputs, input_count, results);
}

size_t tenon_results_count(const tenon_results* results) {
  return results != nullptr ? results->values.size() : 0;
}

int tenon_results_get(const tenon_results* results, size_t index, tenon_tensor* tensor) {
  return code_of([&]() -> Status {
    TENON_RETURN_IF_ERROR(check_result(results, index));
    const RunValue& value = results->values[index];
    if (!value.is_tensor())
      return error(TN_INVALID_ARGUMENT, "result '", (*results->names)[index], "' is ", describe(value),
                   ", expected a tensor: take it with tenon_results_value");
    return give_view(value.tensor(), (*results->names)[index].c_str(), tensor, "tensor");
  });
}

int tenon_results_value(const tenon_results* results, size_t index, tenon_value** value) {
  return code_of([&]() -> Status {
    if (value == nullptr) return null_argument("value");
    *value = nullptr;
    TENON_RETURN_IF_ERROR(check_result(results, index));
    *value = new tenon_value{results->values[index]};
    return {};
  });
}

const char* tenon_results_name(const tenon_results* results, size_t index) {
  return results != nullptr && index < results->values.size() ? (*results->names)[index].c_str() : nullptr;
}

void tenon_results_destroy(tenon_results* results) {
  delete results;
}

tenon_cancel* tenon_cancel_create(void) {
  tenon_cancel* cancel = new (std::nothrow) tenon_cancel;
  if (cancel == nullptr) failed(TN_OUT_OF_MEMORY, "out of memory");
  return cancel;
}

void tenon_cancel_now(tenon_cancel* cancel) {
  if (cancel != nullptr) cancel->token.cancel();
}

void tenon_cancel_destroy(tenon_cancel* cancel) {
  delete cancel;
}
