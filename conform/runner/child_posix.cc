// An outcome on the wire: kind, finding and message, each behind a separator, and an end.
#include <malloc.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <exception>

#include "conform/runner/child.h"

namespace tenon::conform {
namespace {

constexpr char kSeparator = '\x1f', kEnd = '\x1e';
int the_out = -1;

void write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(the_out, text.data(), text.size());
    if (n < 0 && errno != EINTR) return;
    if (n > 0) text.remove_prefix(static_cast<size_t>(n));
  }
}

// What a message must not have of the wire's own.
void clean(std::string* text) {
  for (char& c : *text)
    if (c == kSeparator || c == kEnd) c = ' ';
}

}  // namespace

void run_child(int out, const std::function<Outcome()>& check) {
  the_out = out;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // What is freed is overwritten, so that who reads it all the same reads nonsense.
  mallopt(M_PERTURB, 0x5A);
  Outcome outcome;
  try {
    outcome = check();
  } catch (const Breach& breach) {
    outcome = Outcome::fail(breach.finding(), breach.what());
  } catch (const std::exception& failure) {
    outcome = Outcome::fail("kit-error", failure.what());
  }
  clean(&outcome.message);
  std::string text(1, static_cast<char>('0' + static_cast<int>(outcome.kind)));
  text.append(1, kSeparator).append(outcome.finding).append(1, kSeparator).append(outcome.message).append(1, kEnd);
  write_all(text);
  _exit(0);
}

void fail_from_signal(const char* finding, std::string_view message) {
  static std::atomic_flag has_failed;
  // Of several threads the first one tells.
  while (has_failed.test_and_set()) pause();
  const char begin[] = {static_cast<char>('0' + static_cast<int>(Outcome::Kind::kFail)), kSeparator};
  write_all({begin, sizeof begin});
  write_all(finding);
  write_all({&kSeparator, 1});
  write_all(message);
  write_all({&kEnd, 1});
  _exit(0);
}

bool parse_outcome(std::string_view text, Outcome* outcome) {
  const size_t first = text.find(kSeparator), second = text.find(kSeparator, first + 1), end = text.find(kEnd);
  if (first != 1 || second == text.npos || end == text.npos) return false;
  outcome->kind = static_cast<Outcome::Kind>(text[0] - '0');
  outcome->finding = text.substr(first + 1, second - first - 1);
  outcome->message = text.substr(second + 1, end - second - 1);
  return true;
}

}  // namespace tenon::conform
