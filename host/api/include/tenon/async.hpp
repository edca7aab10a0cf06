// Runs of the C++17 API that do not block their caller; part of <tenon/tenon.hpp>.
#pragma once

#include <tenon/async.h>

#include <functional>
#include <memory>
#include <new>
#include <string>
#include <tenon/run.hpp>
#include <utility>

namespace tenon {

/// What became of a run. Move-only.
class Outcome {
 public:
  Outcome(tenon_code code, const char* message, tenon_results* results) : code_(code), results_(results) {
    try {
      message_ = message;
    } catch (const std::bad_alloc&) {  // the code has to do
    }
  }
  bool is_ok() const { return code_ == TENON_OK; }
  tenon_code code() const { return code_; }
  const std::string& message() const { return message_; }
  /// Once. Throws what run() would have thrown.
  Results results() {
    if (!is_ok()) throw Error(code_, message_);
    return std::move(results_);
  }

 private:
  tenon_code code_;
  std::string message_;
  Results results_;
};

/// Is called on a thread of Tenon's, for several runs at once; see tenon_run_function. An exception that it lets out
/// ends the process.
using OnRunEnd = std::function<void(Outcome)>;

namespace detail {

/// What an asynchronous run needs until it has ended.
template <typename Inputs>
struct PendingRun {
  Inputs inputs;
  OnRunEnd done;
};

template <typename Inputs>
void end_run(void* user, int code, const char* message, tenon_results* results) noexcept {
  const std::unique_ptr<PendingRun<Inputs>> pending(static_cast<PendingRun<Inputs>*>(user));
  pending->done(Outcome(static_cast<tenon_code>(code), message, results));
}

}  // namespace detail
}  // namespace tenon
