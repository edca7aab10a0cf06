#include "host/base/signal_action_posix.h"

#include <pthread.h>

namespace tenon::host {

bool is_fault(int signal, const siginfo_t& info) {
  return info.si_code > 0 && !(signal == SIGBUS && info.si_code == BUS_MCEERR_AO);
}

void take_default_action(int signal, bool is_real) {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);
  // A fault happens again where it happened; a signal that was sent has to be sent again.
  if (!is_real) raise(signal);
}

void call_action(SignalAction& previous, int signal, siginfo_t* info, void* context) {
  const struct sigaction& action = previous.action;
  const bool is_real = is_fault(signal, *info);
  const bool is_default = previous.is_default();
  if (!is_default && action.sa_handler == SIG_IGN && !is_real) return;
  // The kernel does not let a fault be ignored.
  if (is_default || action.sa_handler == SIG_IGN) return take_default_action(signal, is_real);
  if ((action.sa_flags & SA_RESETHAND) != 0) previous.is_spent.store(true);
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &action.sa_mask, &before);
  if ((action.sa_flags & SA_NODEFER) != 0) {
    sigset_t own;
    sigemptyset(&own);
    sigaddset(&own, signal);
    pthread_sigmask(SIG_UNBLOCK, &own, nullptr);
  }
  if ((action.sa_flags & SA_SIGINFO) != 0) {
    action.sa_sigaction(signal, info, context);
  } else {
    action.sa_handler(signal);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace tenon::host
