// The child writes one line per case to a pipe: "begin INDEX", then "end INDEX KIND REASON".
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "tests/conformance/isolated.h"

namespace tenon::conformance {
namespace {

constexpr unsigned kMostSeconds = 60;
constexpr int kNoRunner = 99;

[[noreturn]] void run_child(FILE* out, size_t first, size_t count, const std::function<RunCase()>& make_runner) {
  try {
    const RunCase run_case = make_runner();
    for (size_t i = first; i < count; ++i) {
      std::fprintf(out, "begin %zu\n", i);
      std::fflush(out);
      alarm(kMostSeconds);
      Outcome outcome = run_case(i);
      alarm(0);
      std::replace(outcome.reason.begin(), outcome.reason.end(), '\n', ' ');
      std::fprintf(out, "end %zu %d %s\n", i, static_cast<int>(outcome.kind), outcome.reason.c_str());
    }
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "error: %s\n", failure.what());
    std::fclose(out);
    std::exit(kNoRunner);
  }
  std::fclose(out);
  std::exit(0);  // not _exit: the leak check of a sanitizer runs at exit
}

std::string describe_end(int status) {
  if (!WIFSIGNALED(status)) return "ended the process with exit code " + std::to_string(WEXITSTATUS(status));
  if (WTERMSIG(status) == SIGALRM) return "took longer than " + std::to_string(kMostSeconds) + " seconds";
  return std::string("crashed: ") + strsignal(WTERMSIG(status));
}

// Reads what the child tells; gives the index of the case that it was in when it ended.
size_t read_outcomes(FILE* in, size_t first, std::vector<Outcome>& outcomes) {
  size_t current = first;
  char* line = nullptr;
  size_t capacity = 0;
  while (getline(&line, &capacity, in) > 0) {
    size_t index = 0;
    int kind = 0, text = 0;
    if (std::sscanf(line, "begin %zu", &index) == 1) {
      current = index;
    } else if (std::sscanf(line, "end %zu %d %n", &index, &kind, &text) == 2 && index < outcomes.size()) {
      std::string reason = line + text;
      if (!reason.empty() && reason.back() == '\n') reason.pop_back();
      outcomes[index] = {static_cast<Outcome::Kind>(kind), std::move(reason)};
      current = index + 1;
    }
  }
  std::free(line);
  return current;
}

}  // namespace

std::vector<Outcome> run_isolated(size_t count, const std::function<RunCase()>& make_runner) {
  std::vector<Outcome> outcomes(count);
  for (size_t next = 0; next < count;) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("no pipe");
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child < 0) throw std::runtime_error("no child process");
    if (child == 0) {
      close(ends[0]);
      run_child(fdopen(ends[1], "w"), next, count, make_runner);
    }
    close(ends[1]);
    FILE* in = fdopen(ends[0], "r");
    const size_t reached = read_outcomes(in, next, outcomes);
    std::fclose(in);
    int status = 0;
    waitpid(child, &status, 0);
    if (status == 0) break;
    if (WIFEXITED(status) && WEXITSTATUS(status) == kNoRunner) throw std::runtime_error("the cases cannot be run");
    const size_t failed = std::min(reached, count - 1);
    outcomes[failed] = {Outcome::Kind::kFailed, describe_end(status)};
    next = failed + 1;
  }
  return outcomes;
}

}  // namespace tenon::conformance
