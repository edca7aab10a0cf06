// A part of a test that runs in a process of its own.
#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>
#include <utility>

namespace tenon::test {

class ChildProcess {
 public:
  /// Runs `body` in a child, which then ends with what it returns and no destructors.
  template <typename Body>
  explicit ChildProcess(const Body& body) {
    std::fflush(nullptr);  // or the child would write what was left in the buffers once more
    pid_ = fork();
    if (pid_ < 0) throw std::runtime_error("no child process");
    if (pid_ == 0) _exit(body());
  }
  ChildProcess(ChildProcess&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  ~ChildProcess() {
    if (pid_ > 0) end(SIGKILL);
  }

  /// Waits for its end; its exit code, or -1 when it was killed.
  int wait() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0) {
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  void send(int signal_number) const { kill(pid_, signal_number); }
  void end(int signal_number) {
    send(signal_number);
    wait();
  }

 private:
  pid_t pid_;
};

/// One process tells others that it has come to a point.
class Signpost {
 public:
  Signpost() {
    if (pipe(ends_) != 0) throw std::runtime_error("no pipe");
  }
  ~Signpost() {
    close(ends_[0]);
    close(ends_[1]);
  }
  void pass() const { (void)!write(ends_[1], "x", 1); }
  void await() const {
    char c;
    (void)!read(ends_[0], &c, 1);
  }

 private:
  int ends_[2];
};

}  // namespace tenon::test
