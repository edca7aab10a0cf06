#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "host/isolation/worker_process.h"
#include "host/plugins/loading/search_path.h"

extern char** environ;

namespace tenon::host {
namespace {

namespace fs = std::filesystem;

constexpr char kProgram[] = "tenon-worker";

// It lies in the folder of the providers' folder.
Result<fs::path> find_program() {
  std::string tried;
  for (const SearchFolder& folder : provider_search_path()) {
    const fs::path path = folder.path.parent_path() / kProgram;
    if (access(path.c_str(), X_OK) == 0) return path;
    tried += (tried.empty() ? "" : ", ") + path.string();
  }
  return error(TN_NOT_FOUND, "the program that isolated providers run in is not there; looked for ", tried,
               ": install Tenon whole, or run the provider in this process");
}

class SpawnActions {
 public:
  SpawnActions() { posix_spawn_file_actions_init(&actions_); }
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

class SpawnAttributes {
 public:
  // Signals as a program expects them, whatever the thread that starts it has blocked or ignored. A group of its own:
  // what a terminal sends goes to the application, which then ends its workers.
  SpawnAttributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnAttributes() { posix_spawnattr_destroy(&attributes_); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

}  // namespace

Result<std::unique_ptr<WorkerProcess>> WorkerProcess::start() {
  TENON_ASSIGN_OR_RETURN(const fs::path program, find_program());
  TENON_ASSIGN_OR_RETURN(Channel::Pair ends, Channel::make_pair());
  SpawnActions actions;
  constexpr int kOurs = Channel::kWorkerDescriptor;
  posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(actions.get(), ends.worker.get(), kOurs);
  posix_spawn_file_actions_addclosefrom_np(actions.get(), kOurs + 1);
  const SpawnAttributes attributes;
  std::string name = kProgram;
  char* const arguments[] = {name.data(), nullptr};
  pid_t id = -1;
  const int failed = posix_spawn(&id, program.c_str(), actions.get(), attributes.get(), arguments, environ);
  if (failed != 0)
    return error(failed == ENOMEM ? TN_OUT_OF_MEMORY : TN_UNSUPPORTED, program.string(),
                 " cannot be started: ", std::strerror(failed));
  return std::unique_ptr<WorkerProcess>(new WorkerProcess(std::move(ends.host), id));
}

bool WorkerProcess::wait(int patience_ms) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms);
  for (auto pause = std::chrono::microseconds(50); !has_ended_; pause = std::min(pause * 2, decltype(pause)(5000))) {
    int status = 0;
    const pid_t ended = waitpid(id_, &status, WNOHANG);
    if (ended == id_ || (ended < 0 && errno == ECHILD)) {
      has_ended_ = true;
      status_ = ended == id_ ? status : -1;
    } else if (std::chrono::steady_clock::now() >= end) {
      return false;
    } else {
      std::this_thread::sleep_for(pause);
    }
  }
  return true;
}

void WorkerProcess::kill() {
  const std::lock_guard lock(mutex_);
  if (has_ended_) return;
  was_killed_ = true;
  ::kill(id_, SIGKILL);
}

std::string WorkerProcess::ending(bool* is_fault) {
  constexpr int kTidying = 200;
  const std::lock_guard lock(mutex_);
  if (!wait(kTidying)) {
    // It has closed its end and goes on.
    ::kill(id_, SIGKILL);
    (void)wait(kTidying);
    *is_fault = !was_killed_;
    return "stopped listening, and was ended";
  }
  *is_fault = !was_killed_;
  if (was_killed_) return "was ended";
  if (status_ == -1) return "has ended";
  if (WIFSIGNALED(status_)) {
    const int number = WTERMSIG(status_);
    if (number == SIGBUS) *is_fault = false;
    return concat("was ended by signal ", number, " (", strsignal(number), ")");
  }
  return concat("ended itself with exit code ", WEXITSTATUS(status_));
}

WorkerProcess::~WorkerProcess() {
  constexpr int kPatience = 2000, kEnough = 10'000;
  channel_ = Channel();
  const std::lock_guard lock(mutex_);
  if (wait(kPatience)) return;
  ::kill(id_, SIGKILL);
  (void)wait(kEnough);
}

}  // namespace tenon::host
