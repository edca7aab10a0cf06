// What a plugin has to leave as it was on the host's threads and in its process.
#pragma once

#include <array>
#include <csignal>
#include <cstdint>
#include <string>

namespace tenon::host {

/// How a thread rounds, and what it does with denormals and floating-point exceptions. thread: the one asked about.
uint64_t floating_point_mode();
void set_floating_point_mode(uint64_t mode);

/// Of the calling thread its floating-point mode and blocked signals; of the process the handlers of signals, locale,
/// working directory, umask and environment. Another thread of the application may change those of the process.
class ThreadState {
 public:
  static ThreadState now();

  /// What is otherwise now, in words: "the handler of SIGSEGV"; empty: nothing.
  std::string changed() const;
  /// Puts back mode, blocked signals and handlers.
  void restore() const;

 private:
  static constexpr int kSignals = 32;

  uint64_t mode_ = 0;
  sigset_t blocked_{};
  std::array<struct sigaction, kSignals> handlers_{};
  std::string locale_, folder_, umask_;
  uint64_t environment_ = 0;
};

}  // namespace tenon::host
