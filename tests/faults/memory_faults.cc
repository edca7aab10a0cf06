// Lets each allocation of an open, two runs and a report fail in turn, once and from there on, each in a child process,
// and counts what became of them. Exits with 1 when one ended or hung the process, gave another error than that memory
// is out, or left a session that does not answer as before.
#include <execinfo.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "tests/faults/scenario.h"

namespace {

using namespace tenon::faults;

constexpr unsigned kMostSeconds = 20;  // of a child; a hang is one that takes longer

struct Arguments {
  std::string model, cache;
  std::string calls = "memory";
  std::string pack = "off";  // off, made (a new pack in each process) or used
  uint64_t first = 1, last = 0, step = 1;
  bool verbose = false;
};

struct Counts {
  uint64_t succeeded = 0, clean = 0, died = 0, hung = 0, wrong = 0;
};

// Where a child dies, with calls that succeed again: what has died may be without memory.
void show_trace(int signal) {
  disarm();
  void* frames[64];
  const int count = backtrace(frames, 64);
  backtrace_symbols_fd(frames, count, STDERR_FILENO);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

// Runs `body` in a child; the status that it ended with.
template <typename Body>
int in_child(Body&& body) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    alarm(kMostSeconds);
    for (const int signal : {SIGABRT, SIGSEGV, SIGBUS}) std::signal(signal, show_trace);
    body();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

void empty_cache(const Arguments& arguments) {
  if (arguments.pack == "made") std::filesystem::remove_all(arguments.cache);
}

void judge(const Shared& shared, int status, uint64_t nth, const char* mode, Counts& counts) {
  const char* what = nullptr;
  char text[64];
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
    ++counts.hung;
    what = "hung";
  } else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    ++counts.died;
    std::snprintf(text, sizeof text, "died: %s",
                  WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "ended the process");
    what = text;
  } else if (shared.complaint[0] != '\0') {
    ++counts.wrong;
    what = shared.complaint;
  } else {
    ++(shared.failed_cleanly ? counts.clean : counts.succeeded);
  }
  if (what != nullptr) std::printf("call %llu, %s: %s\n", static_cast<unsigned long long>(nth), mode, what);
}

int run(const Arguments& arguments) {
  auto& shared =
      *static_cast<Shared*>(mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  const Plan plan{arguments.model, arguments.calls == "files" ? Calls::kFiles : Calls::kMemory,
                  arguments.pack == "off" ? "off" : "auto", arguments.cache};
  empty_cache(arguments);
  // Where packs are used, the first rehearsal makes it and the second counts.
  if (arguments.pack == "used") in_child([&] { rehearse(plan, shared); });
  if (in_child([&] { rehearse(plan, shared); }) != 0 || shared.complaint[0] != '\0') {
    std::printf("the undisturbed run failed: %s\n", shared.complaint);
    return 1;
  }
  const uint64_t calls = shared.calls, answer = shared.answer;
  const uint64_t last = arguments.last == 0 ? calls : std::min(arguments.last, calls);
  Counts counts;
  for (uint64_t nth = arguments.first; nth <= last; nth += arguments.step) {
    for (const auto& [mode, name] : {std::pair(Mode::kOnce, "once"), std::pair(Mode::kFromThereOn, "from there on")}) {
      empty_cache(arguments);
      shared = {calls, answer, 0, {}};
      const int status = in_child([&] { perform(plan, nth, mode, shared); });
      judge(shared, status, nth, name, counts);
    }
  }
  std::printf("%s, pack %s: %llu calls of %s; %llu clean errors, %llu did without, %llu died, %llu hung, %llu wrong\n",
              std::filesystem::path(arguments.model).filename().c_str(), arguments.pack.c_str(),
              static_cast<unsigned long long>(calls), arguments.calls.c_str(),
              static_cast<unsigned long long>(counts.clean), static_cast<unsigned long long>(counts.succeeded),
              static_cast<unsigned long long>(counts.died), static_cast<unsigned long long>(counts.hung),
              static_cast<unsigned long long>(counts.wrong));
  return counts.died + counts.hung + counts.wrong == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Lets each allocation or call of files fail in turn");
  app.add_option("model", arguments.model)->required();
  app.add_option("--calls", arguments.calls, "what fails")->check(CLI::IsMember({"memory", "files"}));
  app.add_option("--pack", arguments.pack)->check(CLI::IsMember({"off", "made", "used"}));
  app.add_option("--cache", arguments.cache, "folder for packs; emptied where they are made");
  app.add_option("--first", arguments.first);
  app.add_option("--last", arguments.last, "0: all");
  app.add_option("--step", arguments.step, "every so many calls")->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  return run(arguments);
}
