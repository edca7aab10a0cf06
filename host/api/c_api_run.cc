// <tenon/tenon.h>: runs, their results, and their cancelling.
#include <chrono>
#include <optional>

#include "host/api/c_api_internal.h"
#include "host/base/dtype.h"

using namespace tenon::host;
using namespace tenon::host::c_api;

namespace {

// More than any model has: a larger one is memory that was never set.
constexpr uint32_t kMaxRank = 256;

Result<NamedTensor> borrowed(const tenon_tensor& t, size_t index) {
  if (t.name == nullptr) return error(TN_INVALID_ARGUMENT, "input ", index, " has no name");
  if (t.rank > 0 && t.shape == nullptr)
    return error(TN_INVALID_ARGUMENT, "input '", t.name, "' has rank ", t.rank, ", but no shape");
  if (t.rank > kMaxRank)
    return error(TN_INVALID_ARGUMENT, "input '", t.name, "' has rank ", t.rank, ", expected at most ", kMaxRank,
                 ": set rank to the number of its dimensions");
  return NamedTensor{t.name, Tensor(dtype_from_number(t.dtype), std::vector<int64_t>(t.shape, t.shape + t.rank), t.data,
                                    t.byte_length, nullptr, Residence::kBorrowed)};
}

// A deadline past what the clock can hold is none.
std::optional<std::chrono::steady_clock::time_point> deadline_after(int64_t timeout_ms) {
  using std::chrono::milliseconds;
  const auto now = std::chrono::steady_clock::now();
  const auto left =
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::time_point::max() - now).count();
  if (timeout_ms < 0 || timeout_ms >= left) return std::nullopt;
  return now + milliseconds(timeout_ms);
}

}  // namespace

int tenon_session_run(tenon_session* session, const tenon_tensor* inputs, size_t input_count,
                      const char* const* outputs, size_t output_count, int64_t timeout_ms, tenon_cancel* cancel,
                      tenon_results** results) {
  return code_of([&]() -> Status {
    if (results == nullptr) return null_argument("results");
    *results = nullptr;
    if (session == nullptr) return null_argument("session");
    if (inputs == nullptr && input_count > 0) return null_argument("inputs");
    std::vector<NamedTensor> given;
    for (size_t i = 0; i < input_count; ++i) {
      TENON_ASSIGN_OR_RETURN(NamedTensor tensor, borrowed(inputs[i], i));
      given.push_back(std::move(tensor));
    }
    auto made = std::make_unique<tenon_results>();
    for (size_t i = 0; outputs != nullptr && i < output_count; ++i) {
      if (outputs[i] == nullptr) return error(TN_INVALID_ARGUMENT, "output name ", i, " is NULL");
      made->names.push_back(outputs[i]);
    }
    RunOptions options;
    options.cancel = cancel != nullptr ? &cancel->token : nullptr;
    options.deadline = deadline_after(timeout_ms);
    TENON_ASSIGN_OR_RETURN(made->tensors, session->session->run(given, made->names, options));
    if (made->names.empty())
      for (const Port& port : session->session->outputs()) made->names.push_back(port.name);
    *results = made.release();
    return {};
  });
}

size_t tenon_results_count(const tenon_results* results) {
  return results != nullptr ? results->tensors.size() : 0;
}

int tenon_results_get(const tenon_results* results, size_t index, tenon_tensor* tensor) {
  return code_of([&]() -> Status {
    if (results == nullptr) return null_argument("results");
    if (tensor == nullptr) return null_argument("tensor");
    if (index >= results->tensors.size())
      return error(TN_INVALID_ARGUMENT, "there is no result ", index, ": there are ", results->tensors.size());
    const Tensor& t = results->tensors[index];
    *tensor = {results->names[index].c_str(),
               t.dtype(),
               static_cast<uint32_t>(t.shape().size()),
               t.shape().data(),
               t.data(),
               t.byte_length()};
    return {};
  });
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
