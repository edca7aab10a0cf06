#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "tools/support/live_process.h"
#include "tools/support/text.h"

namespace tenon::tools {

std::vector<std::string> own_arguments() {
  std::ifstream in("/proc/self/cmdline", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  std::vector<std::string> arguments;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\0', begin), text.size());
    arguments.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  if (!arguments.empty()) arguments.erase(arguments.begin());
  return arguments;
}

LiveProcess LiveProcess::start(const std::vector<std::string>& arguments) {
  std::string name = "tenon";
  std::vector<std::string> texts = arguments;
  std::vector<char*> argv = {name.data()};
  for (std::string& text : texts) argv.push_back(text.data());
  argv.push_back(nullptr);
  int ends[2];
  if (pipe(ends) != 0) fail(TENON_INTERNAL, "no pipe to a new process: ", std::strerror(errno));
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);  // it ended in between
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    execv("/proc/self/exe", argv.data());
    _exit(127);
  }
  const int problem = errno;
  close(ends[1]);
  if (pid < 0) {
    close(ends[0]);
    fail(TENON_INTERNAL, "no new process: ", std::strerror(problem));
  }
  return LiveProcess(pid, ends[0]);
}

LiveProcess::LiveProcess(LiveProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), output_(std::exchange(other.output_, -1)) {}

LiveProcess::~LiveProcess() {
  if (pid_ <= 0) return;
  close(output_);
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

std::string LiveProcess::wait_until_ready() {
  std::string text;
  char buffer[4096];
  for (;;) {
    if (const size_t at = text.find(kSessionReady); at != std::string::npos) return text.substr(0, at);
    const ssize_t n = read(output_, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail(TENON_INTERNAL, "a process that was started to be measured ended early");
    text.append(buffer, static_cast<size_t>(n));
  }
}

MemoryUse LiveProcess::memory() const {
  return process_memory(pid_);
}

}  // namespace tenon::tools
