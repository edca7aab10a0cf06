// A signal handler that somebody installed before, and handing signals on to it as the kernel would have: for handlers
// that take some signals and leave the others to whoever had them. async-signal-safe, all of it.
#pragma once

#include <signal.h>

#include <atomic>

namespace tenon::host {

/// What sigaction() found. Never freed while a handler may read it.
struct SignalAction {
  struct sigaction action {};
  std::atomic<bool> is_spent{false};  // SA_RESETHAND, called once

  bool is_default() const { return action.sa_handler == SIG_DFL || is_spent.load(); }
};

/// Whether the signal tells of an instruction that faulted, rather than having been sent.
bool is_fault(int signal, const siginfo_t& info);

/// Ends the process as the default action does, at the latest when the calling handler returns.
void take_default_action(int signal, bool is_real);

/// Calls the handler, or does what stands for it.
void call_action(SignalAction& previous, int signal, siginfo_t* info, void* context);

}  // namespace tenon::host
