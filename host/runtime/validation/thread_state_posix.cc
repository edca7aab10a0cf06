#include <cfenv>
#include <clocale>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "host/runtime/validation/thread_state.h"
#include "host/storage/digest.h"

extern char** environ;

namespace tenon::host {
namespace {

#if defined(__x86_64__)
// Of MXCSR all but the flags of exceptions that came, and the control word of the x87 unit.
constexpr uint32_t kModeBits = 0xFFC0;
#endif

uint64_t environment_digest() {
  DigestStream digest;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry)
    digest.add(std::as_bytes(std::span(*entry, std::strlen(*entry) + 1)));
  return digest.digest().low;
}

// umask() itself would have to set another.
std::string umask_text() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("Umask:")) return line;
  return {};
}

std::string working_folder() {
  std::error_code failure;
  return std::filesystem::current_path(failure).string();
}

bool is_same(const struct sigaction& a, const struct sigaction& b) {
  return a.sa_flags == b.sa_flags && a.sa_sigaction == b.sa_sigaction;
}

bool is_same(const sigset_t& a, const sigset_t& b) {
  for (int signal = 1; signal < NSIG; ++signal)
    if (sigismember(&a, signal) != sigismember(&b, signal)) return false;
  return true;
}

}  // namespace

uint64_t floating_point_mode() {
  std::fenv_t environment;
  if (std::fegetenv(&environment) != 0) return 0;
#if defined(__x86_64__)
  return uint64_t{environment.__control_word} << 32 | (environment.__mxcsr & kModeBits);
#elif defined(__aarch64__)
  return environment.__fpcr;
#else
  return static_cast<uint64_t>(std::fegetround());
#endif
}

void set_floating_point_mode(uint64_t mode) {
  std::fenv_t environment;
  if (std::fegetenv(&environment) != 0) return;
#if defined(__x86_64__)
  environment.__control_word = static_cast<uint16_t>(mode >> 32);
  environment.__mxcsr = (environment.__mxcsr & ~kModeBits) | (static_cast<uint32_t>(mode) & kModeBits);
#elif defined(__aarch64__)
  environment.__fpcr = static_cast<uint32_t>(mode);
#endif
  std::fesetenv(&environment);
}

ThreadState ThreadState::now() {
  ThreadState state;
  state.mode_ = floating_point_mode();
  pthread_sigmask(SIG_SETMASK, nullptr, &state.blocked_);
  for (int signal = 1; signal < kSignals; ++signal) sigaction(signal, nullptr, &state.handlers_[signal]);
  state.locale_ = std::setlocale(LC_ALL, nullptr);
  state.folder_ = working_folder();
  state.umask_ = umask_text();
  state.environment_ = environment_digest();
  return state;
}

std::string ThreadState::changed() const {
  const ThreadState found = now();
  std::string text;
  const auto add = [&](const std::string& what) { text += (text.empty() ? "" : ", ") + what; };
  if (found.mode_ != mode_) add("the floating-point mode of the thread");
  if (!is_same(found.blocked_, blocked_)) add("the blocked signals of the thread");
  for (int signal = 1; signal < kSignals; ++signal)
    if (!is_same(found.handlers_[signal], handlers_[signal]))
      add(std::string("the handler of SIG") + sigabbrev_np(signal));
  if (found.locale_ != locale_) add("the locale");
  if (found.folder_ != folder_) add("the working directory");
  if (found.umask_ != umask_) add("the umask");
  if (found.environment_ != environment_) add("the environment");
  return text;
}

void ThreadState::restore() const {
  set_floating_point_mode(mode_);
  pthread_sigmask(SIG_SETMASK, &blocked_, nullptr);
  for (int signal = 1; signal < kSignals; ++signal) {
    struct sigaction found {};
    if (sigaction(signal, nullptr, &found) == 0 && !is_same(found, handlers_[signal]))
      sigaction(signal, &handlers_[signal], nullptr);
  }
}

}  // namespace tenon::host
