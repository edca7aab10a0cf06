#include "host/plugins/abi/abi_parallel.h"

#include <atomic>
#include <mutex>

#include "host/base/exceptions.h"
#include "host/plugins/abi/abi_sizes.h"
#include "host/plugins/abi/abi_tables.h"
#include "host/plugins/calls/plugin_call.h"
#include "host/plugins/kernel_run.h"
#include "host/threads/all_at_once.h"
#include "host/threads/thread_pool.h"

namespace tenon::host {
namespace {

// Runs the plugin's bodies until one fails, and keeps the first failure.
class GuardedBody {
 public:
  explicit GuardedBody(const tn_parallel& work) : work_(work), run_call_(PluginCall::current()) {}

  static void run(void* self, uint32_t worker, int64_t begin, int64_t end) {
    static_cast<GuardedBody*>(self)->run(worker, begin, end);
  }
  const Status& failure() const { return failure_; }
  /// Whether the failure is an exception, which no body may let out.
  bool has_thrown() const { return has_thrown_; }

 private:
  void run(uint32_t worker, int64_t begin, int64_t end) {
    if (has_failed_.load(std::memory_order_relaxed)) return;
    const PluginCall call(run_call_);
    try {
      if (tn_status* failed = work_.body(work_.arg, worker, begin, end)) fail(adopt_status(failed), false);
    } catch (...) {
      fail(status_of_exception([](const char* what) {
             return error(TN_INTERNAL, "threw across the ABI in a body of parallel_for: ", what);
           }),
           true);
    }
  }
  void fail(const Status& status, bool has_thrown) {
    const std::lock_guard lock(mutex_);
    if (has_failed_.exchange(true)) return;
    failure_ = status;
    has_thrown_ = has_thrown;
  }

  const tn_parallel& work_;
  const PluginCall* const run_call_;  // that of the kernel's run
  std::atomic<bool> has_failed_{false};
  std::mutex mutex_;
  Status failure_;
  bool has_thrown_ = false;
};

Status check_work(const tn_parallel* work, unsigned threads) {
  if (work == nullptr || work->struct_size < kParallelSizeV1 || work->body == nullptr)
    return error(TN_INTERNAL, "parallel_for is given no tn_parallel with struct_size and body set");
  if ((work->flags & ~uint32_t{TN_PARALLEL_ALL_AT_ONCE}) != 0)
    return error(TN_UNSUPPORTED, "parallel_for is given the flags ", work->flags, ", of which this host knows ",
                 uint32_t{TN_PARALLEL_ALL_AT_ONCE}, " only: use a newer host");
  if (work->flags != 0 && is_inside_body())
    return error(TN_INVALID_ARGUMENT, "parallel_for is to run bodies at once from inside of a body");
  if (work->flags != 0 && work->count > int64_t{threads})
    return error(TN_INVALID_ARGUMENT, "parallel_for is to run ", work->count, " bodies at once, more than the ",
                 threads, " workers that a run has");
  return {};
}

// `has_thrown`: the plugin may not know of the failure.
Status run_checked(const tn_parallel& work, unsigned threads, KernelRun* run, bool* has_thrown) {
  GuardedBody guarded(work);
  if (work.flags != 0) {
    TENON_RETURN_IF_ERROR(run_all_at_once(work.count, GuardedBody::run, &guarded));
  } else if (run != nullptr) {
    run->parallel_for(work.count, work.item_cost_ns, work.grain, GuardedBody::run, &guarded);
  } else {
    ThreadPool::process().parallel_for(work.count, work.item_cost_ns, threads, GuardedBody::run, &guarded, work.grain);
  }
  *has_thrown = guarded.has_thrown();
  return guarded.failure();
}

}  // namespace

tn_status* run_parallel(const tn_parallel* work, unsigned threads, KernelRun* run) {
  bool is_to_be_kept = true;
  const Status status = guarded([&]() -> Status {
    TENON_RETURN_IF_ERROR(check_work(work, threads));
    if (work->count <= 0) return {};
    bool has_thrown = false;
    const Status failure = run_checked(*work, threads, run, &has_thrown);
    is_to_be_kept = has_thrown;
    return failure;
  });
  if (status.is_ok()) return nullptr;
  if (RunScope* scope = RunScope::current(); scope != nullptr && is_to_be_kept) scope->fail(status);
  return to_abi(status);
}

}  // namespace tenon::host
