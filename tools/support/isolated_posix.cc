#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>

#include "tools/support/isolated.h"
#include "tools/support/text.h"

namespace tenon::tools {
namespace {

using Clock = std::chrono::steady_clock;

// Ends the answer: what a child wrote before it crashed is none.
constexpr char kEnd = '\0';

[[noreturn]] void be_child(int out, const std::function<std::string()>& function) {
  std::string text;
  try {
    text = function();
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "error: %s\n", failure.what());
    _exit(1);
  }
  text += kEnd;
  for (size_t done = 0; done < text.size();) {
    const ssize_t n = write(out, text.data() + done, text.size() - done);
    if (n < 0 && errno != EINTR) _exit(1);
    if (n > 0) done += static_cast<size_t>(n);
  }
  // Destructors of a library that was loaded for a look are not worth a crash.
  _exit(0);
}

/// Reads until the child has closed its end or time is up; whether time was left.
bool read_all(int in, Clock::time_point end, std::string& text) {
  char buffer[4096];
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) return false;
    pollfd ready{in, POLLIN, 0};
    const int polled = poll(&ready, 1, static_cast<int>(std::min<int64_t>(left, 1'000'000)));
    if (polled < 0 && errno == EINTR) continue;
    if (polled == 0) continue;
    const ssize_t n = read(in, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return true;
    text.append(buffer, static_cast<size_t>(n));
    if (text.back() == kEnd) return true;
  }
}

std::string ending_text(int status) {
  if (WIFSIGNALED(status))
    return concat("was ended by signal ", WTERMSIG(status), " (", strsignal(WTERMSIG(status)), ")");
  return concat("ended the process with exit code ", WEXITSTATUS(status));
}

}  // namespace

Isolated run_isolated(const std::function<std::string()>& function, std::chrono::milliseconds limit) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return {{}, concat("was not started: ", std::strerror(errno))};
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    be_child(ends[1], function);
  }
  close(ends[1]);
  if (child < 0) {
    close(ends[0]);
    return {{}, concat("was not started: ", std::strerror(errno))};
  }
  Isolated answer;
  const bool in_time = read_all(ends[0], Clock::now() + limit, answer.written);
  close(ends[0]);
  const bool is_whole = !answer.written.empty() && answer.written.back() == kEnd;
  if (!in_time || is_whole) kill(child, SIGKILL);  // whole: it is about to end, unless something keeps it
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (is_whole) {
    answer.written.pop_back();
    return answer;
  }
  answer.written.clear();
  answer.ending = in_time ? ending_text(status) : concat("did not return within ", limit.count(), " ms");
  return answer;
}

}  // namespace tenon::tools
