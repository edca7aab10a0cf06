// Nothing is allocated or locked between the decision to end the process and its end: what hangs may hold the locks of
// the heap and of standard output.
#include "tools/support/time_limit.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <tenon/tenon.hpp>
#include <vector>

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

/// A line of bounded length in a buffer of its own.
class LastWords {
 public:
  LastWords& add(std::string_view text) {
    const size_t bytes = std::min(text.size(), left());
    std::memcpy(bytes_ + size_, text.data(), bytes);
    size_ += bytes;
    return *this;
  }
  LastWords& add(int64_t number) {
    char digits[24];
    return add({digits, static_cast<size_t>(std::to_chars(digits, digits + sizeof digits, number).ptr - digits)});
  }
  /// False, and nothing added: the call has ended.
  bool add_call(uint64_t call) {
    const size_t added = tenon_call_text(call, bytes_ + size_, left());
    size_ += added;
    return added > 0;
  }
  [[noreturn]] void end_process() {
    flush_output();
    bytes_[size_++] = '\n';
    for (size_t done = 0; done < size_;) {
      const ssize_t written = write(STDERR_FILENO, bytes_ + done, size_ - done);
      if (written == 0 || (written < 0 && errno != EINTR)) break;
      if (written > 0) done += static_cast<size_t>(written);
    }
    _exit(1);
  }

 private:
  size_t left() const { return sizeof bytes_ - size_ - 1; }  // one is kept for the line end

  size_t size_ = 0;
  char bytes_[4096];
};

[[noreturn]] void end_run(int64_t timeout_ms) {
  char calls[2048];
  const size_t count = tenon_calls_text(calls, sizeof calls);
  LastWords text;
  text.add("error: the run did not stop at its deadline of --timeout-ms ").add(timeout_ms);
  if (count == 0) {
    text.add(", and no provider is being called: the host itself is late");
  } else {
    text.add(count == 1 ? ": this call has not returned: " : ": these calls have not returned: ").add(calls);
  }
  text.end_process();
}

struct Seen {
  uint64_t call;
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
    const std::vector<uint64_t> calls = tenon::calls();
    std::erase_if(seen, [&](const Seen& s) { return std::find(calls.begin(), calls.end(), s.call) == calls.end(); });
    for (const uint64_t call : calls) {
      const auto known = std::find_if(seen.begin(), seen.end(), [&](const Seen& s) { return s.call == call; });
      if (known == seen.end()) {
        seen.push_back({call, now});
      } else if (now - known->since >= milliseconds(timeout_ms_) + kGrace) {
        LastWords text;
        text.add("error: a call has not returned within --timeout-ms ").add(timeout_ms_).add(": ");
        if (text.add_call(call)) text.end_process();
      }
    }
  }
}

TimeLimit::Run::Run(TimeLimit& limit) : limit_(limit) {
  if (limit.timeout_ms_ < 0) return;
  const std::lock_guard lock(limit.mutex_);
  limit.run_deadline_ = Clock::now() + milliseconds(limit.timeout_ms_);
}

TimeLimit::Run::~Run() {
  if (limit_.timeout_ms_ < 0) return;
  const std::lock_guard lock(limit_.mutex_);
  limit_.run_deadline_.reset();
}

}  // namespace tenon::tools
