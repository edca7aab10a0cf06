// What the system lets this process do no more: seccomp, for good and for all threads to come. Called by one thread
// while it is the only one.
#pragma once

#include "host/base/status.h"

namespace tenon::host {

/// Before a library is loaded: no network, no other programs, no other processes' business. TN_UNSUPPORTED: why not.
Status confine_before_loading();
/// Once it is: nothing but memory, threads, time, and descriptors that are open. What is refused fails with EPERM, so
/// that libraries can go without.
Status confine_after_loading();

}  // namespace tenon::host
