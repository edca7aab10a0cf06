// Nothing is allocated or locked between the decision to end the process and its end: what hangs may hold the locks of
// the heap and of standard output.
#include "tools/support/time_limit.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "host/plugins/calls/plugin_call.h"

namespace tenon::tools {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLook{50};
constexpr milliseconds kGrace{800};  // for a kernel that looks at its deadline now and then

/// Prints what was printed before, unless the thread that hangs is printing.
void flush_output() {
  if (ftrylockfile(stdout) != 0) return;
  fflush_unlocked(stdout);
  funlockfile(stdout);
}

[[noreturn]] void end_with(host::SignalText& text) {
  flush_output();
  text.write_line();
  _exit(1);
}

[[noreturn]] void end_run(int64_t timeout_ms) {
  host::SignalText calls;
  const size_t count = host::add_other_calls(calls);
  host::SignalText text;
  text.add("error: the run did not stop at its deadline of --timeout-ms ").add(static_cast<uint64_t>(timeout_ms));
  if (count == 0) {
    text.add(", and no provider is being called: the host itself is late");
  } else {
    text.add(count == 1 ? ": this call has not returned: " : ": these calls have not returned: ").add(calls.view());
  }
  end_with(text);
}

struct Seen {
  host::CallId call;
  TimeLimit::Clock::time_point since;
};

}  // namespace

TimeLimit::TimeLimit(int64_t timeout_ms) : timeout_ms_(timeout_ms) {
  if (timeout_ms >= 0) thread_ = std::thread([this] { watch(); });
}

TimeLimit::~TimeLimit() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  stopping_.notify_all();
  thread_.join();
}

void TimeLimit::watch() {
  std::vector<Seen> seen;
  std::unique_lock lock(mutex_);
  while (!stopping_.wait_for(lock, kLook, [this] { return is_stopping_; })) {
    const auto now = Clock::now();
    if (run_deadline_ && now >= *run_deadline_ + kGrace) end_run(timeout_ms_);
    const auto calls = host::calls_under_way();
    std::erase_if(seen, [&](const Seen& s) { return std::find(calls.begin(), calls.end(), s.call) == calls.end(); });
    for (const host::CallId& call : calls) {
      const auto known = std::find_if(seen.begin(), seen.end(), [&](const Seen& s) { return s.call == call; });
      if (known == seen.end()) {
        seen.push_back({call, now});
      } else if (now - known->since >= milliseconds(timeout_ms_) + kGrace) {
        host::SignalText text;
        text.add("error: a call has not returned within --timeout-ms ").add(static_cast<uint64_t>(timeout_ms_));
        if (host::add_call(call, text.add(": "))) end_with(text);
      }
    }
  }
}

TimeLimit::Run::Run(TimeLimit& limit) : limit_(limit) {
  if (limit.timeout_ms_ < 0) return;
  deadline_ = Clock::now() + milliseconds(limit.timeout_ms_);
  const std::lock_guard lock(limit.mutex_);
  limit.run_deadline_ = deadline_;
}

TimeLimit::Run::~Run() {
  if (!deadline_) return;
  const std::lock_guard lock(limit_.mutex_);
  limit_.run_deadline_.reset();
}

}  // namespace tenon::tools
