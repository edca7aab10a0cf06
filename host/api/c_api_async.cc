// <tenon/async.h>: runs that do not block their caller.
#include <tenon/async.h>

#include "host/api/c_api_internal.h"
#include "host/api/c_api_run.h"
#include "host/threads/task_queue.h"

using namespace tenon::host;
using namespace tenon::host::c_api;

namespace tenon::host::c_api {

void RunsUnderWay::begin() {
  const std::lock_guard lock(mutex_);
  ++count_;
}

bool RunsUnderWay::end() {
  const std::lock_guard lock(mutex_);
  --count_;
  if (count_ == 0) ended_.notify_all();
  return count_ == 0 && is_closed_;
}

bool RunsUnderWay::close(bool may_wait) {
  std::unique_lock lock(mutex_);
  if (may_wait) ended_.wait(lock, [&] { return count_ == 0; });
  is_closed_ = count_ > 0;
  return count_ == 0;
}

}  // namespace tenon::host::c_api

namespace {

class AsyncRun final : public TaskQueue::Task {
 public:
  AsyncRun(tenon_session* session, PreparedRun run, tenon_run_function done, void* user)
      : session_(session), runs_(session->runs), run_(std::move(run)), done_(done), user_(user) {
    runs_->begin();
  }
  AsyncRun(const AsyncRun&) = delete;
  AsyncRun& operator=(const AsyncRun&) = delete;
  ~AsyncRun() override {
    if (runs_->end()) delete session_;
  }

  void run() noexcept override {
    auto made = guarded([&] { return run_.run(); });
    if (made.is_ok()) {
      done_(user_, TENON_OK, "", made->release());
    } else {
      done_(user_, made.status().code(), made.status().message().c_str(), nullptr);
    }
  }

 private:
  tenon_session* const session_;
  const std::shared_ptr<RunsUnderWay> runs_;
  PreparedRun run_;
  const tenon_run_function done_;
  void* const user_;
};

template <typename Inputs>
int run_async(const RunRequest& request, const Inputs* inputs, size_t input_count, tenon_run_function done,
              void* user) {
  return code_of([&]() -> Status {
    if (done == nullptr) return null_argument("done");
    PreparedRun run;
    TENON_RETURN_IF_ERROR(run.prepare(request, inputs, input_count));
    return TaskQueue::process().add(std::make_unique<AsyncRun>(request.session, std::move(run), done, user));
  });
}

}  // namespace

int tenon_session_run_async(tenon_session* session, const tenon_tensor* inputs, size_t input_count,
                            const char* const* outputs, size_t output_count, const tenon_run_options* options,
                            tenon_run_function done, void* user) {
  return run_async(RunRequest{session, outputs, output_count, options}, inputs, input_count, done, user);
}

int tenon_session_run_values_async(tenon_session* session, const tenon_named_value* inputs, size_t input_count,
                                   const char* const* outputs, size_t output_count, const tenon_run_options* options,
                                   tenon_run_function done, void* user) {
  return run_async(RunRequest{session, outputs, output_count, options}, inputs, input_count, done, user);
}
